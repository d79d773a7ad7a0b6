import { setTimeout as sleep } from "node:timers/promises";
import { queueDepths } from "../../cli/queue-depths.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { deadLetters, messagesInFlightCount } from "../../local/start/observation.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { BenchReceipt } from "../receipts.ts";
import { differences, type MetadataById } from "./published-words.ts";

/** Changes were written, and the published collection does not show them. */
export class ChangesLostError extends VectorkeepError {
  constructor(found: readonly string[]) {
    super(
      `The published words are not what the label items imply, and nothing moves any more: ${found.slice(0, maxReported).join("; ")}.`,
      "Run npm start, write such an item and read the logs of the stream processor and of compaction.",
    );
  }
}

const maxReported = 3;
const lookEveryMs = 250;
const maxWaitMs = 60_000;

/** Moments of the wall clock. */
export interface Shown {
  /** When the generation was published that shows every change. */
  readonly publishedAt: number;
  /** Of the first look that saw it and no message under way. */
  readonly settledAt: number;
}

/**
 * Looks until a generation is exactly as expected and no message is under way. A generation is read from its own
 * files, once and when the queues are empty. Throws ChangesLostError.
 */
export async function untilShown(
  stack: BenchStack,
  receipts: readonly BenchReceipt[],
  expected: MetadataById,
): Promise<Shown> {
  let found: readonly string[] = ["nothing was published"];
  let read: string | undefined;
  let last = "";
  for (let movedAt = Date.now(); Date.now() - movedAt < maxWaitMs; await sleep(lookEveryMs)) {
    const lookedAt = Date.now();
    const queues = await queueDepths(stack.sqs, stack.outputs);
    const head = await stack.head("words");
    if (deadLetters({ queues }) > 0) throw new ChangesLostError(["messages are in dead-letter queues"]);
    const look = JSON.stringify({ queues, head });
    if (look !== last) movedAt = lookedAt;
    last = look;
    if (head === undefined || head.name === read || messagesInFlightCount({ queues }) > 0) continue;
    read = head.name;
    found = await differences(stack, head.name, receipts, expected);
    if (found.length === 0) return { publishedAt: Date.parse(head.publishedAt), settledAt: lookedAt };
  }
  throw new ChangesLostError(found);
}
