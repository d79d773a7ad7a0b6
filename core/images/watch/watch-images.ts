import { type Metrics, withoutZeros } from "../../metrics.ts";
import type { ItemStates } from "../database/item-states.ts";

export interface WatchDeps {
  readonly states: Pick<ItemStates, "countUnfinished">;
  /** The maximum minutes from the upload of an image to its vector. */
  readonly minutes: number;
  readonly metrics: Metrics;
}

/** Counts the images that have lacked the vector of their newest analysis for too long. Returns their number. */
export async function watchImages({ states, minutes, metrics }: WatchDeps): Promise<number> {
  const unfinished = await states.countUnfinished(minutes);
  withoutZeros(metrics).gauge("ImagesUnfinished", unfinished, "Count");
  return unfinished;
}
