import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as z from "zod";
import { jsonOf } from "../text/json-of.ts";
import { problems } from "../text/problems.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";
import { type ReplayDeps, replay } from "./replay-stream-record.ts";
import { subjectOfRecord, unknownSubject } from "./subjects.ts";

export interface GivenUpRecordsOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly replay: ReplayDeps;
}

/** Lambda's record of a discarded batch: the event as text, and the failure. */
const givenUp = z.object({
  requestContext: z.object({ condition: z.string(), approximateInvokeCount: z.int() }),
  timestamp: z.iso.datetime(),
  payload: z
    .string()
    .transform(jsonOf)
    .pipe(z.object({ Records: z.array(z.unknown()).min(1) })),
});

interface Stored {
  readonly key: string;
  readonly since: string;
}

type Read = z.ZodSafeParseResult<z.infer<typeof givenUp>>;

/** Stream records that Lambda discarded; there is one object per batch. */
export class GivenUpRecords implements FailedSource {
  readonly name = "stream-given-up";
  readonly #options: GivenUpRecordsOptions;

  constructor(options: GivenUpRecordsOptions) {
    this.#options = options;
  }

  async list(most: number): Promise<Listing> {
    const all = await this.#all();
    const shown = all.slice(0, most);
    const things = await Promise.all(shown.map(async (one) => thingOf(one, await this.#read(one))));
    return { things, total: all.length };
  }

  /** Deletes an object after all of its records are replayed. Otherwise it stays; replaying is idempotent. */
  async retry(): Promise<Retried> {
    let retried = 0;
    const stayed: FailedThing[] = [];
    for (const one of await this.#all()) {
      const read = await this.#read(one);
      const reason = read.success ? await this.#replay(read.data.payload.Records) : reasonOf(read);
      if (reason === undefined) {
        await this.#delete(one.key);
        retried += 1;
      } else stayed.push({ ...thingOf(one, read), reason });
    }
    return { retried, stayed, untouched: 0 };
  }

  async purge(listing: Listing): Promise<number> {
    const isNamed = mayBePurged(listing);
    const due = (await this.#all()).filter(({ key }) => isNamed(key));
    for (const { key } of due) await this.#delete(key);
    return due.length;
  }

  /** The reason why some records could not be replayed; undefined if all were. */
  async #replay(records: readonly unknown[]): Promise<string | undefined> {
    const reasons: string[] = [];
    for (const record of records) {
      const reason = await replay(record, this.#options.replay).catch((error: Error) => error.message);
      if (reason !== undefined) reasons.push(reason);
    }
    if (reasons.length === 0) return undefined;
    return `${reasons.length} of ${records.length} records cannot be replayed; the first: ${reasons[0]}`;
  }

  async #all(): Promise<Stored[]> {
    const { s3, bucket, prefix } = this.#options;
    const found: Stored[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: s3 },
      { Bucket: bucket, Prefix: prefix },
    )) {
      for (const { Key = "", LastModified } of Contents) {
        found.push({ key: Key, since: (LastModified ?? new Date(0)).toISOString() });
      }
    }
    return found.sort((a, b) => (a.since < b.since ? -1 : 1));
  }

  async #read({ key }: Stored): Promise<Read> {
    const { s3, bucket } = this.#options;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return givenUp.safeParse(jsonOf((await Body?.transformToString()) ?? ""));
  }

  async #delete(key: string): Promise<void> {
    const { s3, bucket } = this.#options;
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }
}

function thingOf({ key, since }: Stored, read: Read): FailedThing {
  if (!read.success) return { id: key, since, ...unknownSubject, reason: reasonOf(read) };
  const { payload, requestContext, timestamp } = read.data;
  const [first, ...others] = payload.Records;
  const subject = subjectOfRecord(first);
  const { condition, approximateInvokeCount } = requestContext;
  return {
    id: key,
    since: timestamp,
    ...subject,
    entity: others.length === 0 ? subject.entity : `${subject.entity} and ${others.length} more records`,
    reason: `${condition} after ${approximateInvokeCount} tries`,
  };
}

function reasonOf({ error }: z.ZodSafeParseError<unknown>): string {
  return `It is not a failure record of Lambda: ${problems(error).join("; ")}.`;
}
