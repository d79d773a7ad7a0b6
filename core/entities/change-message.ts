import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import { fiveDigits, type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import { imageId, receiptNumber, rowNumber } from "../receipts/rows.ts";
import { queueJson } from "../text/queue-json.ts";

const receiptIds = { image_id: imageId, receipt_id: receiptNumber };
const lineIds = { ...receiptIds, line_id: rowNumber };
const wordIds = { ...lineIds, word_id: rowNumber };

const anyEvent = z.enum(["INSERT", "MODIFY", "REMOVE"]);
const removal = z.literal("REMOVE");

/** Old and new values of the watched fields; null if absent. */
const fieldChanges = z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() }));

/** Part of every body, and identical in every retry. */
const envelope = {
  source: z.literal("dynamodb_stream"),
  changes: fieldChanges,
  /** The stream record's time. DynamoDB rounds it down to the second. */
  timestamp: z.iso.datetime(),
  /** Null for a redriven run, which has no stream record. */
  stream_record_id: z.string().nullable(),
  aws_region: z.string(),
  /** The item, or the old image of a REMOVE; null if it is too large or missing. For people only. */
  record_snapshot: z.record(z.string(), z.unknown()).nullable(),
};

const runBody = z.object({
  ...envelope,
  entity_type: z.literal("COMPACTION_RUN"),
  event_name: z.literal("INSERT"),
  /** `delta_prefix` is that of the message's own collection. */
  entity_data: z.object({ ...receiptIds, run_id: z.string().min(1), delta_prefix: z.string().min(1) }),
});
const metadataBody = z.object({
  ...envelope,
  entity_type: z.literal("RECEIPT_METADATA"),
  event_name: anyEvent,
  entity_data: z.object(receiptIds),
});
const labelBody = z.object({
  ...envelope,
  entity_type: z.literal("RECEIPT_WORD_LABEL"),
  event_name: anyEvent,
  entity_data: z.object({ ...wordIds, label: z.string().min(1) }),
});
const receiptBody = z.object({
  ...envelope,
  entity_type: z.literal("RECEIPT"),
  event_name: removal,
  entity_data: z.object(receiptIds),
});
const lineBody = z.object({
  ...envelope,
  entity_type: z.literal("RECEIPT_LINE"),
  event_name: removal,
  entity_data: z.object(lineIds),
});
const wordBody = z.object({
  ...envelope,
  entity_type: z.literal("RECEIPT_WORD"),
  event_name: removal,
  entity_data: z.object(wordIds),
});

/** The body of a message on the queues `lines` and `words`. It says which items to read; the tables hold the facts. */
export const changeMessageBody = z.discriminatedUnion("entity_type", [
  runBody,
  metadataBody,
  labelBody,
  receiptBody,
  lineBody,
  wordBody,
]);

export type ChangeMessageBody = z.infer<typeof changeMessageBody>;
export type FieldChanges = z.infer<typeof fieldChanges>;
/** The removal of a receipt, or of a line or word of it. */
export type RemovalBody = z.infer<typeof receiptBody> | z.infer<typeof lineBody> | z.infer<typeof wordBody>;

type StringAttribute = { readonly DataType: "String"; readonly StringValue: string };

/** A message for the FIFO queue of its image's shard of one collection. */
export interface ChangeMessage {
  readonly imageId: string;
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, StringAttribute>>;
  readonly groupId: string;
  readonly deduplicationId: string;
}

/** `deduplicationId` is the stream record's id, or `redriveId` of a redriven run. */
export function changeMessage(
  body: ChangeMessageBody,
  collection: Collection,
  deduplicationId: string,
): ChangeMessage {
  return {
    imageId: body.entity_data.image_id,
    body: queueJson(body),
    messageAttributes: {
      source: stringAttribute(body.source),
      entity_type: stringAttribute(body.entity_type),
      event_name: stringAttribute(body.event_name),
      collection: stringAttribute(collection),
    },
    groupId: groupOf(body),
    deduplicationId,
  };
}

export function receiptOf({ entity_data }: ChangeMessageBody): ReceiptRef {
  return { imageId: entity_data.image_id, receiptId: entity_data.receipt_id };
}

/** Labels are many and their order does not matter, so each word is its own message group. */
function groupOf(body: ChangeMessageBody): string {
  const receipt = receiptKey(receiptOf(body));
  if (body.entity_type !== "RECEIPT_WORD_LABEL") return receipt;
  const { line_id, word_id } = body.entity_data;
  return `${receipt}#LINE#${fiveDigits(line_id)}#WORD#${fiveDigits(word_id)}`;
}

function stringAttribute(value: string): StringAttribute {
  return { DataType: "String", StringValue: value };
}
