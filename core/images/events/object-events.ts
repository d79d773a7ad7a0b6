import * as z from "zod";
import { jsonOf } from "../../text/json-of.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { paddedSequencer } from "./sequencer.ts";

/** A change of an object in the images bucket. */
export interface ObjectChange {
  readonly kind: "created" | "deleted";
  readonly bucket: string;
  readonly key: string;
  /** The padded sequencer, which orders the changes of one key. */
  readonly sequencer: string;
  /** Size in bytes and ETag; undefined for a deletion. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
}

/** A message of the uploads queue is not an event of S3. */
export class ObjectEventInvalidError extends InputError {
  constructor(problem: string) {
    super(
      `The message is not an event of S3: ${problem}.`,
      "Only EventBridge events and notifications of the images bucket belong in this queue.",
    );
  }
}

const object = z.object({
  key: z.string().min(1),
  size: z.number().int().min(0).optional(),
  etag: z.string().optional(),
  sequencer: z.string().regex(/^[0-9a-fA-F]{1,64}$/),
});

/** The format of EventBridge; its keys are not URL-encoded. */
const busEvent = z.object({
  source: z.literal("aws.s3"),
  "detail-type": z.enum(["Object Created", "Object Deleted"]),
  detail: z.object({ bucket: z.object({ name: z.string().min(1) }), object }),
});

/** S3's notification format, for buckets that already send one. It has several records, and URL-encoded keys. */
const notification = z.object({
  Records: z.array(
    z.object({
      eventName: z.string(),
      s3: z.object({
        bucket: z.object({ name: z.string().min(1) }),
        object: object.omit({ etag: true }).extend({ eTag: z.string().optional() }),
      }),
    }),
  ),
});

/** Returns all changes in a message; none for S3's test event. Throws ObjectEventInvalidError. */
export function parseObjectChanges(body: string): ObjectChange[] {
  const json = jsonOf(body);
  if (json === undefined) throw new ObjectEventInvalidError("it is not JSON");
  if (isTestEvent(json)) return [];
  const event = busEvent.safeParse(json);
  if (event.success) {
    const { detail, "detail-type": type } = event.data;
    const kind = type === "Object Created" ? "created" : "deleted";
    return [changeOf(kind, detail.bucket.name, detail.object)];
  }
  const records = notification.safeParse(json);
  if (!records.success) throw new ObjectEventInvalidError(z.prettifyError(event.error));
  return records.data.Records.map(({ eventName, s3 }) => {
    const { eTag: etag, ...rest } = s3.object;
    const kind = /ObjectCreated/.test(eventName) ? "created" : "deleted";
    return changeOf(kind, s3.bucket.name, { ...rest, etag, key: decodedKey(rest.key) });
  });
}

function changeOf(
  kind: ObjectChange["kind"],
  bucket: string,
  { key, size, etag, sequencer }: z.infer<typeof object>,
): ObjectChange {
  return { kind, bucket, key, size, etag, sequencer: paddedSequencer(sequencer) };
}

function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    throw new ObjectEventInvalidError(`the key ${key} is not URL-encoded`);
  }
}

function isTestEvent(json: unknown): boolean {
  return z.object({ Event: z.literal("s3:TestEvent") }).safeParse(json).success;
}
