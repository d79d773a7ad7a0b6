import { type Metrics, withoutZeros } from "../../metrics.ts";
import type { ItemStates } from "../database/item-states.ts";

export interface WatchDeps {
  readonly states: Pick<ItemStates, "countUnfinished">;
  /** How long an image may take from its upload to its vector. */
  readonly minutes: number;
  readonly metrics: Metrics;
}

/** Counts the images that should long have the vector of their newest analysis. Resolves to their number. */
export async function watchImages({ states, minutes, metrics }: WatchDeps): Promise<number> {
  const unfinished = await states.countUnfinished(minutes);
  withoutZeros(metrics).gauge("ImagesUnfinished", unfinished, "Count");
  return unfinished;
}
