import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import {
  type EntityType,
  entityTypes,
  type TypesThatHold,
  watchedEntities,
} from "../../contract/watched-entities.ts";
import { type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import { imageId } from "../receipts/rows.ts";
import { wordVectorId } from "../receipts/vector-ids.ts";
import { queueJson } from "../text/queue-json.ts";
import { optionalTraceparent } from "../tracing/traceparent.ts";
import { type StoredIds, segmentsOf } from "./entity-key.ts";

/** Old and new values of the watched fields; null if absent. */
const fieldChanges = z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() }));

/** Part of every body, and identical in every retry. */
const envelope = z.object({
  source: z.literal("dynamodb_stream"),
  changes: fieldChanges,
  /** The stream record's time. DynamoDB rounds it down to the second. */
  timestamp: z.iso.datetime(),
  /** Null for a redriven run, which has no stream record. */
  stream_record_id: z.string().nullable(),
  aws_region: z.string(),
  /** The item, or the old image of a REMOVE; null if it is too large or missing. For people only. */
  record_snapshot: z.record(z.string(), z.unknown()).nullable(),
  /** The attribute of this name of the item: the span that wrote it. */
  traceparent: optionalTraceparent,
});

type RunType = TypesThatHold<"run">;
type ContentType = TypesThatHold<"content">;

/** The events of an entity that are forwarded, by what it holds. */
const eventsOf = {
  run: ["INSERT"],
  content: ["REMOVE"],
  "receipt facts": ["INSERT", "MODIFY", "REMOVE"],
  "word label": ["INSERT", "MODIFY", "REMOVE"],
} as const;

export type EventName = (typeof eventsOf)["receipt facts"][number];

/** Returns the forwarded events of an entity; a MODIFY only if a watched field has changed. */
export function forwardedEvents(type: EntityType): readonly EventName[] {
  return eventsOf[watchedEntities[type].holds];
}

interface BodyOf<Type extends EntityType> extends z.infer<typeof envelope> {
  readonly entity_type: Type;
  readonly event_name: (typeof eventsOf)[(typeof watchedEntities)[Type]["holds"]][number];
  readonly entity_data: StoredIds<Type> & (Type extends RunType ? { delta_prefix: string } : unknown);
}

/** The body of a message on a collection's queue. It identifies the items to read; the facts are only in the tables. */
export type ChangeMessageBody = { [Type in EntityType]: BodyOf<Type> }[EntityType];
/** The removal of a receipt, or of a line or word of it. */
export type RemovalBody = Extract<ChangeMessageBody, { readonly entity_type: ContentType }>;
export type FieldChanges = z.infer<typeof fieldChanges>;

function bodySchema(type: EntityType) {
  const ids = segmentsOf(type).map((segment) => [
    segment.stored,
    segment.kind === "number" ? z.int().min(segment.from) : z.string().min(1),
  ]);
  return z.object({
    ...envelope.shape,
    entity_type: z.literal(type),
    event_name: z.enum(forwardedEvents(type)),
    entity_data: z.object({
      image_id: imageId,
      ...(Object.fromEntries(ids) as z.ZodRawShape),
      /** The prefix in the message's own collection. */
      ...(watchedEntities[type].holds === "run" && { delta_prefix: z.string().min(1) }),
    }),
  });
}

export const changeMessageBody = z.discriminatedUnion(
  "entity_type",
  entityTypes.map(bodySchema) as [ReturnType<typeof bodySchema>],
) as unknown as z.ZodType<ChangeMessageBody>;

/** Whether a body is a removal. */
export function isRemoval(body: ChangeMessageBody): body is RemovalBody {
  return watchedEntities[body.entity_type].holds === "content";
}

type StringAttribute = { readonly DataType: "String"; readonly StringValue: string };

/** A message for the FIFO queue of its receipt's shard of one collection. */
export interface ChangeMessage {
  /** The receipt's shard key. */
  readonly shardKey: string;
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, StringAttribute>>;
  readonly groupId: string;
  readonly deduplicationId: string;
  /** The traceparent of the body. */
  readonly traceparent: string | undefined;
}

/** `deduplicationId` is the stream record's id, or `redriveId` of a redriven run. */
export function changeMessage(
  body: ChangeMessageBody,
  collection: Collection,
  deduplicationId: string,
): ChangeMessage {
  return {
    shardKey: body.entity_data.image_id,
    body: queueJson(body),
    messageAttributes: {
      source: stringAttribute(body.source),
      entity_type: stringAttribute(body.entity_type),
      event_name: stringAttribute(body.event_name),
      collection: stringAttribute(collection),
    },
    groupId: groupOf(body),
    deduplicationId,
    traceparent: body.traceparent,
  };
}

export function receiptOf({ entity_data }: ChangeMessageBody): ReceiptRef {
  return { imageId: entity_data.image_id, receiptId: entity_data.receipt_id };
}

/** Labels are many and their order does not matter, so each word is its own message group. */
function groupOf(body: ChangeMessageBody): string {
  return isWordLabel(body) ? wordVectorId(body.entity_data) : receiptKey(receiptOf(body));
}

function isWordLabel(body: ChangeMessageBody): body is BodyOf<TypesThatHold<"word label">> {
  return watchedEntities[body.entity_type].holds === "word label";
}

function stringAttribute(value: string): StringAttribute {
  return { DataType: "String", StringValue: value };
}
