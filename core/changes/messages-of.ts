import { type Collection, collections } from "../../contract/collections.ts";
import {
  type ChangeMessage,
  type ChangeMessageBody,
  changeMessage,
  type FieldChanges,
} from "../entities/change-message.ts";
import { type EntityKey, storedIds } from "../entities/entity-key.ts";
import { runMessage } from "../entities/run-message.ts";
import { runItem } from "../runs/run-item.ts";
import { cutMessage } from "../text/cut-message.ts";
import { problems } from "../text/problems.ts";
import type { Change } from "./read-change.ts";
import { destinations } from "./watched.ts";

/** Larger snapshots are left out of their message. */
const maxSnapshotBytes = 64 * 1024;

/**
 * Limit for all changed fields of a message. Larger changes are truncated, because a message only says which items to
 * read.
 */
const maxChangesBytes = 64 * 1024;

type KeyOf<Type> = Extract<EntityKey, { type: Type }>;
export type MessagesOrReason = ReadonlyMap<Collection, ChangeMessage> | { readonly malformed: string };

/** One message per collection that the change affects, or the reason why the item does not match its key. */
export function messagesOf(change: Change): MessagesOrReason {
  const { key } = change;
  if (key.type === "COMPACTION_RUN") return runMessages(change, key);
  const body = changeBody(change, key);
  return new Map(destinations(key.type).map((to) => [to, changeMessage(body, to, change.streamRecordId)]));
}

function changeBody(change: Change, key: EntityKey): ChangeMessageBody {
  // Casts, because the entity's declaration determines both the ids in its key and those in its message, which the
  // compiler cannot relate.
  return {
    source: "dynamodb_stream",
    changes: boundedChanges(change.changes),
    timestamp: change.timestamp,
    stream_record_id: change.streamRecordId,
    aws_region: change.awsRegion,
    record_snapshot: snapshotOf(change),
    ...(change.traceparent !== undefined && { traceparent: change.traceparent }),
    entity_type: key.type,
    event_name: change.eventName,
    entity_data: storedIds(key),
  } as ChangeMessageBody;
}

/** One per collection, each with its own delta prefix. */
function runMessages(change: Change, key: KeyOf<"COMPACTION_RUN">): MessagesOrReason {
  const parsed = runItem.safeParse(change.item);
  if (!parsed.success) return { malformed: problems(parsed.error).join("; ") };
  const { image_id, receipt_id, run_id } = parsed.data;
  if (image_id !== key.imageId || receipt_id !== key.receiptId || run_id !== key.runId) {
    return { malformed: "image_id, receipt_id and run_id of the item do not match its key" };
  }
  return new Map(
    collections.map((collection) => [
      collection,
      runMessage({
        run: key,
        collection,
        deltaPrefix: parsed.data[`${collection}_delta_prefix`],
        deduplicationId: change.streamRecordId,
        timestamp: change.timestamp,
        awsRegion: change.awsRegion,
        streamRecordId: change.streamRecordId,
        snapshot: snapshotOf(change),
        traceparent: change.traceparent,
      }),
    ]),
  );
}

function boundedChanges(changes: FieldChanges): FieldChanges {
  if (Buffer.byteLength(JSON.stringify(changes)) <= maxChangesBytes) return changes;
  const bounded = (value: unknown) => (typeof value === "string" ? cutMessage(value) : null);
  return Object.fromEntries(
    Object.entries(changes).map(([field, change]) => [
      field,
      { old: bounded(change.old), new: bounded(change.new) },
    ]),
  );
}

function snapshotOf({ item }: Change): Record<string, unknown> | null {
  return Buffer.byteLength(JSON.stringify(item)) > maxSnapshotBytes ? null : { ...item };
}
