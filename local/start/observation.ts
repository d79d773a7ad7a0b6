import type { QueueDepth } from "../../cli/queue-depths.ts";
import type { Collection } from "../../contract/collections.ts";

export interface CollectionProgress {
  /** Runs of that collection by state. */
  readonly completed: number;
  readonly failed: number;
  /** Vectors of the completed ones. */
  readonly vectors: number;
}

/** A snapshot of the running pipeline's progress. */
export interface Observation {
  /** Receipts with a run: both deltas are durable. */
  readonly embedded: number;
  readonly rejectedRows: number;
  readonly collections: Readonly<Record<Collection, CollectionProgress>>;
  readonly queues: readonly QueueDepth[];
}

/** The expected results of the input. */
export interface Workload {
  readonly receipts: number;
  readonly lines: number;
  readonly words: number;
}

export function deadLetters({ queues }: Pick<Observation, "queues">): number {
  return sum(queues.filter((queue) => queue.deadLetters).map(({ waiting, inFlight }) => waiting + inFlight));
}

export function messagesInFlightCount({ queues }: Pick<Observation, "queues">): number {
  return sum(queues.filter((queue) => !queue.deadLetters).map(({ waiting, inFlight }) => waiting + inFlight));
}

/** Every receipt is in both collections, and no message waits or is in flight. */
export function isComplete(observation: Observation, { receipts }: Workload): boolean {
  const { lines, words } = observation.collections;
  return (
    lines.completed === receipts && words.completed === receipts && messagesInFlightCount(observation) === 0
  );
}

/** Whether two observations show no progress. */
export function standsStill(one: Observation, other: Observation): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function vectorsPublished({ collections: { lines, words } }: Observation): number {
  return lines.vectors + words.vectors;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
