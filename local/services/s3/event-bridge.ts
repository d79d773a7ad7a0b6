import { randomUUID } from "node:crypto";
import { accountId } from "../../protocol/account.ts";
import type { NewEvent } from "../events/event.ts";
import type { ObjectChange } from "./object-changes.ts";

/**
 * Returns the event that S3 sends to EventBridge if the bucket is configured for it. Unlike in notifications, the key
 * is not encoded.
 */
export function objectEvent(change: ObjectChange): NewEvent {
  const { bucket, key, sequencer } = change;
  const common = {
    version: "0",
    bucket: { name: bucket },
    "request-id": randomUUID(),
    requester: accountId,
    "source-ip-address": "127.0.0.1",
  };
  const resources = [`arn:aws:s3:::${bucket}`];
  if (change.kind === "deleted") {
    const detail = {
      ...common,
      object: { key, sequencer },
      reason: "DeleteObject",
      "deletion-type": "Permanently Deleted",
    };
    return { source: "aws.s3", detailType: "Object Deleted", resources, detail };
  }
  const { size, etag } = change;
  const detail = {
    ...common,
    object: { key, size, etag: etag.replaceAll('"', ""), sequencer },
    reason: "PutObject",
  };
  return { source: "aws.s3", detailType: "Object Created", resources, detail };
}
