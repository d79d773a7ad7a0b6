import type { Collection } from "../../contract/collections.ts";
import { type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import { type ChangeMessage, type ChangeMessageBody, changeMessage } from "./change-message.ts";

export interface RunMessageInput {
  readonly run: ReceiptRef & { readonly runId: string };
  readonly collection: Collection;
  readonly deltaPrefix: string;
  /** The stream record's id; a new one for each redrive. */
  readonly deduplicationId: string;
  /** The record's time, ISO. */
  readonly timestamp: string;
  readonly awsRegion: string;
  readonly streamRecordId?: string;
  readonly snapshot?: Record<string, unknown> | null;
  /** The run's traceparent. */
  readonly traceparent?: string | undefined;
}

/** The change message of a run for one collection's queue. */
export function runMessage(input: RunMessageInput): ChangeMessage {
  const { imageId, receiptId, runId } = input.run;
  return changeMessage(
    {
      source: "dynamodb_stream",
      entity_type: "COMPACTION_RUN",
      entity_data: {
        image_id: imageId,
        receipt_id: receiptId,
        run_id: runId,
        delta_prefix: input.deltaPrefix,
      },
      changes: {},
      event_name: "INSERT",
      timestamp: input.timestamp,
      stream_record_id: input.streamRecordId ?? null,
      aws_region: input.awsRegion,
      record_snapshot: input.snapshot ?? null,
      ...(input.traceparent !== undefined && { traceparent: input.traceparent }),
    },
    input.collection,
    input.deduplicationId,
  );
}

/** A metadata event without a stream record: it makes a collection reconcile the receipt with its items. */
export function lookAgainMessage(
  receipt: ReceiptRef,
  collection: Collection,
  time: string,
  awsRegion: string,
): ChangeMessage {
  return changeMessage(
    {
      source: "dynamodb_stream",
      entity_type: "RECEIPT_METADATA",
      event_name: "MODIFY",
      entity_data: { image_id: receipt.imageId, receipt_id: receipt.receiptId },
      changes: {},
      timestamp: time,
      stream_record_id: null,
      aws_region: awsRegion,
      record_snapshot: null,
    },
    collection,
    `${receiptKey(receipt)}-${time}`,
  );
}

export function isLookAgain({ entity_type, event_name, stream_record_id }: ChangeMessageBody): boolean {
  return entity_type === "RECEIPT_METADATA" && event_name === "MODIFY" && stream_record_id === null;
}
