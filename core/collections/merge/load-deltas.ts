import { DeltaUnreadableError, decodeDelta } from "../../deltas/codec.ts";
import type { Delta } from "../../deltas/delta.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { deltaKey } from "../../deltas/keys.ts";
import { type CurrentFacts, type DocumentFacts, documentModel } from "../../documents/documents.ts";
import { errorFields, type Log, runFields } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { RunWork } from "../messages/document-work.ts";
import { checkDelta, DeltaMismatchedError, type DeltaTarget } from "./check-delta.ts";

/** Number of deltas that are fetched ahead of the one being applied. */
const readAhead = 16;

export interface LoadDeps {
  readonly deltas: DeltaStore;
  readonly items: Pick<CurrentFacts, "factsOf">;
  readonly target: DeltaTarget;
  readonly clock: Clock;
  readonly log: Log;
}

/** A delta whose metadata contains the current facts of its document. */
export interface LoadedDelta {
  readonly work: RunWork;
  readonly delta: Delta;
  readonly facts: DocumentFacts;
}

/** A run whose delta is missing, unreadable or mismatched, and the reason. */
export interface MismatchedDelta {
  readonly work: RunWork;
  readonly mismatched: string;
}

type Fetched = { readonly bytes: Uint8Array | undefined; readonly facts: DocumentFacts };

/**
 * The deltas of these runs, checked and in order. Skips a delta that could not be fetched, and stops at the time
 * `until`.
 */
export async function* loadDeltas(
  deps: LoadDeps,
  works: readonly RunWork[],
  until: number,
): AsyncGenerator<LoadedDelta | MismatchedDelta> {
  const { deltas, items, target } = deps;
  const fetch = async ({ deltaPrefix, run }: RunWork): Promise<Fetched | Error> => {
    try {
      const [bytes, facts] = await Promise.all([
        deltas.get(deltaKey(deltaPrefix)),
        items.factsOf(run, target.collection),
      ]);
      return { bytes, facts };
    } catch (error) {
      return error as Error;
    }
  };
  const coming = works.slice(0, readAhead).map(fetch);
  for (const [position, work] of works.entries()) {
    if (deps.clock.now() >= until) {
      deps.log.warn("The cycle is out of time; the remaining messages are redelivered", {
        deltas: works.length - position,
      });
      return;
    }
    const fetched = await coming.shift();
    const later = works[position + readAhead];
    if (later) coming.push(fetch(later));
    if (fetched === undefined) throw new Error("Every work is fetched.");
    if (fetched instanceof Error) {
      deps.log.error("A delta could not be fetched; its message is redelivered", {
        ...runFields(work.run),
        ...errorFields(fetched),
      });
      continue;
    }
    const { facts } = fetched;
    const delta = readDelta(target, work, fetched.bytes);
    if (typeof delta === "string") yield { work, mismatched: delta };
    else yield { work, delta: withKnown(delta, facts), facts };
  }
}

/** The delta, or the reason why it cannot be applied. */
export function readDelta(
  target: DeltaTarget,
  work: Pick<RunWork, "run" | "deltaPrefix">,
  bytes: Uint8Array | undefined,
): Delta | string {
  const key = deltaKey(work.deltaPrefix);
  try {
    if (bytes === undefined) throw new DeltaMismatchedError(key, "there is no such object");
    const delta = decodeDelta(bytes);
    checkDelta(delta, key, work.run, target);
    return delta;
  } catch (error) {
    if (!(error instanceof DeltaMismatchedError || error instanceof DeltaUnreadableError)) throw error;
    return error.message;
  }
}

/** Adds the current facts to the metadata of new vectors, so that no vector is written twice. */
export function withKnown(delta: Delta, facts: DocumentFacts): Delta {
  return {
    ...delta,
    metadatas: delta.metadatas.map((metadata, index) => ({
      ...metadata,
      ...documentModel.metadataOf(facts, delta.collection, delta.ids[index] ?? ""),
    })),
  };
}
