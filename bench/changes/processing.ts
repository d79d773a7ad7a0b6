import { sortRecords } from "../../core/changes/sort-records.ts";
import { whole } from "../../core/changes/watched.ts";
import { recordsPerBatch, streamBatches } from "./stream-records.ts";

/** What turning a batch of stream records into messages takes, without any network. */
export interface Processing {
  readonly records: number;
  readonly messages: number;
  readonly skipped: number;
  /** Of each repetition. */
  readonly milliseconds: readonly number[];
}

const batches = 20;
const warmUps = 500;
const repetitions = 2_000;

/** In this process, after a warm-up, the batches by turns. */
export function measureProcessing(): Processing {
  const events = streamBatches(batches);
  const process = (turn: number) => sortRecords(events[turn % batches] ?? [], whole);
  for (let turn = 0; turn < warmUps; turn += 1) process(turn);
  const milliseconds = Array.from({ length: repetitions }, (_, turn) => {
    const began = performance.now();
    process(turn);
    return performance.now() - began;
  });
  const { boxes, skipped } = process(0);
  const messages = boxes.lines.messages.length + boxes.words.messages.length;
  return { records: recordsPerBatch, messages, skipped, milliseconds };
}
