import type { QueueDepth } from "../../../cli/queue-depths.ts";
import type { Observation } from "../../../local/start/observation.ts";

export function queue(name: string, waiting: number, inFlight = 0): QueueDepth {
  return { name, deadLetters: name.endsWith("dlq"), waiting, inFlight };
}

/** Two receipts with five lines and nine words, wholly published, with what a test wants otherwise. */
export function observation(otherwise: Partial<Observation> = {}): Observation {
  return {
    embedded: 2,
    rejectedRows: 0,
    collections: {
      lines: { completed: 2, failed: 0, vectors: 5 },
      words: { completed: 2, failed: 0, vectors: 9 },
    },
    queues: [queue("embed", 0), queue("words", 0), queue("embed-dlq", 0)],
    ...otherwise,
  };
}

export const workload = { receipts: 2, lines: 5, words: 9 };
