import type { Collection } from "../../contract/collections.ts";
import { type ChangeMessage, changeMessage } from "../entities/change-message.ts";
import type { RunRef } from "./run-store.ts";

export interface RunMessageInput {
  readonly run: RunRef;
  readonly collection: Collection;
  readonly deltaPrefix: string;
  /** The stream record's id, or `redriveId` of a redriven run. */
  readonly deduplicationId: string;
  /** The record's time, ISO. */
  readonly timestamp: string;
  readonly awsRegion: string;
  readonly streamRecordId?: string;
  readonly snapshot?: Record<string, unknown> | null;
  /** The run's. */
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

/**
 * Deduplication id of a redriven run: each attempt and each redrive is a distinct message; retries of one are
 * duplicates.
 */
export function redriveId(runId: string, attempt: number, time: number): string {
  return time === 1 ? `${runId}-${attempt}` : `${runId}-${attempt}-${time}`;
}
