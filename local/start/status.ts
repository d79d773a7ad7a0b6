import { progressBar } from "../../cli/progress-bar.ts";
import { depthsText } from "../../cli/queue-depths.ts";
import { deadLetters, type Observation, vectorsPublished, type Workload } from "./observation.ts";

export interface Status {
  /** For a terminal whose lines can be overwritten. */
  readonly block: readonly string[];
  /** For a file or a pipe. */
  readonly line: string;
}

/** The progress of the pipeline `seconds` after the first message was sent. */
export function status(observation: Observation, workload: Workload, seconds: number): Status {
  const { embedded, collections, queues } = observation;
  const expected = workload.lines + workload.words;
  const published = vectorsPublished(observation);
  const dead = deadLetters(observation);
  const pace = paceOf(published, expected, seconds);
  const depths = depthsText(queues);
  return {
    block: [
      bar("embedded", embedded, workload.receipts, "receipts"),
      bar("lines", collections.lines.vectors, workload.lines, "vectors published"),
      bar("words", collections.words.vectors, workload.words, "vectors published"),
      `  ${pace}, ${seconds.toFixed(0)} s`,
      `  queues (waiting+in flight): ${depths}`,
    ],
    line: [
      `${seconds.toFixed(0)} s: embedded ${embedded}/${workload.receipts} receipts`,
      `published ${published}/${expected} vectors`,
      pace,
      ...(dead === 0 ? [] : [`${dead} dead letters`]),
      `queues (waiting+in flight): ${depths}`,
    ].join("; "),
  };
}

function bar(title: string, done: number, of: number, unit: string): string {
  return `  ${title.padEnd(9)}${progressBar(done, of)} ${done}/${of} ${unit}`;
}

function paceOf(published: number, expected: number, seconds: number): string {
  const rate = published / Math.max(seconds, 0.001);
  if (published === 0) return "no vectors published yet";
  const left = Math.max(0, expected - published);
  return `${rate.toFixed(0)} vectors/s${left === 0 ? "" : `, about ${Math.ceil(left / rate)} s left`}`;
}
