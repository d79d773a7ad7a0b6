import { z } from "zod";
import { type Collection, receiptKey } from "../receipts/receipt.ts";
import { imageId, receiptNumber } from "../receipts/rows.ts";
import type { RunRef } from "./run-store.ts";

/** The body of the change message that tells compaction of a run. Nothing in it changes between retries. */
export const runMessageBody = z.object({
  source: z.literal("dynamodb_stream"),
  entity_type: z.literal("COMPACTION_RUN"),
  entity_data: z.object({
    image_id: imageId,
    receipt_id: receiptNumber,
    run_id: z.string().min(1),
    /** Of the message's own collection. */
    delta_prefix: z.string().min(1),
  }),
  changes: z.object({}),
  event_name: z.literal("INSERT"),
  timestamp: z.iso.datetime(),
  /** Null for a run that was driven again and not by a stream record. */
  stream_record_id: z.string().nullable(),
  aws_region: z.string(),
  record_snapshot: z.record(z.string(), z.unknown()).nullable(),
});

export type RunMessageBody = z.infer<typeof runMessageBody>;

export interface RunMessageInput {
  readonly run: RunRef;
  readonly collection: Collection;
  readonly deltaPrefix: string;
  /** The stream record's id, or `redriveId` of a run that is driven again. */
  readonly deduplicationId: string;
  /** ISO, the record's own time. */
  readonly timestamp: string;
  readonly awsRegion: string;
  readonly streamRecordId?: string;
  readonly snapshot?: Record<string, unknown> | null;
}

type StringAttribute = { readonly DataType: "String"; readonly StringValue: string };

export interface RunMessage {
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, StringAttribute>>;
  readonly groupId: string;
  readonly deduplicationId: string;
}

/** The change message of a run for one collection's queue. */
export function runMessage(input: RunMessageInput): RunMessage {
  const { imageId: image, receiptId, runId } = input.run;
  const body: RunMessageBody = {
    source: "dynamodb_stream",
    entity_type: "COMPACTION_RUN",
    entity_data: { image_id: image, receipt_id: receiptId, run_id: runId, delta_prefix: input.deltaPrefix },
    changes: {},
    event_name: "INSERT",
    timestamp: input.timestamp,
    stream_record_id: input.streamRecordId ?? null,
    aws_region: input.awsRegion,
    record_snapshot: input.snapshot ?? null,
  };
  return {
    body: JSON.stringify(body),
    messageAttributes: {
      source: stringAttribute(body.source),
      entity_type: stringAttribute(body.entity_type),
      event_name: stringAttribute(body.event_name),
      collection: stringAttribute(input.collection),
    },
    groupId: receiptKey(input.run),
    deduplicationId: input.deduplicationId,
  };
}

/** Deduplication id of a run driven again: each attempt is a message of its own, its retries are not. */
export function redriveId(runId: string, attempt: number): string {
  return `${runId}-${attempt}`;
}

function stringAttribute(value: string): StringAttribute {
  return { DataType: "String", StringValue: value };
}
