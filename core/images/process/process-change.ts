import { createHash } from "node:crypto";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { imageProcessedEvent } from "../../../contract/images.ts";
import { objectExists } from "../../object-exists.ts";
import type { Items, ObjectVersion } from "../database/items.ts";
import type { EventPublisher } from "../events/event-publisher.ts";
import type { ImageProcessed } from "../events/flow-events.ts";
import { parseImageKey } from "../events/image-key.ts";
import type { ObjectChange } from "../events/object-events.ts";
import { renditionKeys } from "../events/rendition-keys.ts";
import { ImageTooLargeError, ImageUnreadableError } from "./image-errors.ts";
import { type RenderOptions, render } from "./render.ts";
import type { Renditions } from "./renditions.ts";

export interface ProcessDeps {
  readonly s3: S3Client;
  readonly items: Items;
  readonly renditions: Renditions;
  readonly events: Pick<EventPublisher, "publish">;
  readonly limits: RenderOptions & { readonly maxBytes: number };
}

/** The outcome of a change. `superseded` means that a newer event decides. */
export type Processed = "processed" | "deleted" | "superseded";

/**
 * Applies a change of an object: an upload gets its item, renditions and event; a deletion removes them. Idempotent,
 * and publishes the event on every delivery, because nothing here costs money.
 */
export async function processChange(change: ObjectChange, deps: ProcessDeps): Promise<Processed> {
  const { userId, name, ownId } = parseImageKey(change.bucket, change.key);
  const version = { ...change, userId, name, ownId };
  if (change.kind === "deleted") {
    // A versioned bucket also reports the expiry of an old version as a deletion, with its own sequencer.
    if (await objectExists(deps.s3, { Bucket: change.bucket, Key: change.key })) return "superseded";
    const item = await deps.items.recordDeleted(version);
    await deps.renditions.removeBefore(userId, item.id, change.sequencer);
    return item.object_sequencer > change.sequencer ? "superseded" : "deleted";
  }
  const object = await readObject(change, deps);
  if (object === undefined) return superseded(version, deps);
  const rendered = await render(object.bytes, deps.limits);
  const item = await deps.items.recordCreated(version, {
    etag: object.etag,
    contentSha256: object.sha256,
    mimeType: rendered.mimeType,
    bytes: object.bytes.byteLength,
    width: rendered.width,
    height: rendered.height,
  });
  if (item.object_sequencer > change.sequencer) return superseded(version, deps);
  const keys = renditionKeys(userId, item.id, change.sequencer);
  await deps.renditions.write(keys, rendered);
  // A newer event may have removed older renditions before these were written.
  const now = await deps.items.of(version);
  if (now === undefined || now.object_sequencer > change.sequencer) return superseded(version, deps);
  const detail: ImageProcessed = {
    item_id: item.id,
    user_id: userId,
    bucket: change.bucket,
    original_key: change.key,
    thumbnail_key: keys.thumbnail,
    renditions_bucket: deps.renditions.bucket,
    analysis_key: keys.analysis,
    content_sha256: object.sha256,
    sequencer: change.sequencer,
  };
  await deps.events.publish({ ...imageProcessedEvent, detail });
  await deps.renditions.removeBefore(userId, item.id, change.sequencer);
  return "processed";
}

/**
 * Removes renditions that this change or an earlier delivery of it wrote late. Otherwise those of a deleted image would
 * remain forever.
 */
async function superseded(
  version: Pick<ObjectVersion, "userId" | "bucket" | "key">,
  { items, renditions }: ProcessDeps,
): Promise<"superseded"> {
  const newest = await items.of(version);
  if (newest !== undefined) await renditions.removeBefore(version.userId, newest.id, newest.object_sequencer);
  return "superseded";
}

/** Returns undefined if the object was replaced or deleted meanwhile, because that change has its own event. */
async function readObject({ bucket, key, etag, size }: ObjectChange, { s3, limits }: ProcessDeps) {
  if (size !== undefined) checkSize(size, limits.maxBytes);
  try {
    const {
      Body,
      ContentLength = 0,
      ETag = "",
    } = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(etag !== undefined && { IfMatch: `"${etag.replaceAll('"', "")}"` }),
      }),
    );
    if (ContentLength > limits.maxBytes) {
      // Otherwise the connection would stay open with the rest of the body.
      (Body as { destroy?: () => void } | undefined)?.destroy?.();
    }
    checkSize(ContentLength, limits.maxBytes);
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    return { bytes, etag: ETag, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function checkSize(size: number, maxBytes: number): void {
  if (size === 0) throw new ImageUnreadableError("the object is empty");
  if (size > maxBytes) {
    throw new ImageTooLargeError(`${size} bytes`, `${maxBytes} bytes`, "raise images:maxMegabytes");
  }
}

function isGone(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === "NoSuchKey" || name === "PreconditionFailed" || $metadata?.httpStatusCode === 412;
}
