import { setTimeout as sleep } from "node:timers/promises";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { StackOutputs } from "../target.ts";
import { type Expectation, showing } from "./expectations.ts";
import type { Shown } from "./sample.ts";

const lookEveryMs = 250;

/** The last search results, and the seconds after which each fulfilled expectation held. */
export interface Outcome {
  readonly shown: Shown;
  readonly seconds: ReadonlyMap<Expectation, number>;
}

/** Polls the search until every expectation holds for all of its hits, or the time limit is reached. */
export async function untilShown(
  expectations: readonly Expectation[],
  look: () => Promise<Shown>,
  report: (shown: Shown, seconds: number) => void,
  maxWaitMs: number,
): Promise<Outcome> {
  const began = performance.now();
  const seconds = new Map<Expectation, number>();
  for (;;) {
    const shown = await look();
    const passed = (performance.now() - began) / 1000;
    report(shown, passed);
    for (const expectation of expectations) {
      const wanted = expectation.hits(shown).length;
      if (seconds.has(expectation) || wanted === 0) continue;
      if (showing(expectation, shown) === wanted) seconds.set(expectation, passed);
    }
    if (seconds.size === expectations.length || passed * 1000 > maxWaitMs) return { shown, seconds };
    await sleep(lookEveryMs);
  }
}

/** The search did not show the edits within the time limit. */
export class ChangeNotShownError extends VectorkeepError {
  constructor(
    missing: readonly Expectation[],
    seconds: number,
    depths: string,
    { streamRejectedQueueUrl, logGroups }: StackOutputs,
  ) {
    const wanted = missing.map(({ of, metadata }) => {
      const values = Object.entries(metadata).map(([key, value]) => `${key} = ${value}`);
      return `${values.join(" and ")} on ${of}`;
    });
    const { streamProcessor, compaction, compactionWorker, queryServer } = logGroups;
    const logs = [streamProcessor, compactionWorker ?? compaction, queryServer].filter(
      (group) => group !== undefined,
    );
    super(
      `After ${seconds} s the search does not show ${wanted.join("; ")}. ` +
        `Messages in the queues (waiting+in flight): ${depths}.`,
      `A record that was rejected is in ${streamRejectedQueueUrl} with its reason; errors are in ${logs.join(", ")}.`,
    );
  }
}
