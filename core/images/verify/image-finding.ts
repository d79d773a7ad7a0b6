import type { ItemState } from "../database/item-states.ts";

/** A difference between an image's object and its stored state. */
export type ImageFinding =
  /** An object without an item, or whose item is of another version of it. */
  | { readonly kind: "item-missing" | "item-stale"; readonly bucket: string; readonly key: string }
  /** An item without an object, without an analysis, without a vector, or with the vector of an older analysis. */
  | {
      readonly kind: "item-extra" | "analysis-missing" | "embedding-missing" | "embedding-stale";
      readonly item: ItemState;
    };

export interface ImageReport {
  readonly objects: number;
  readonly items: number;
  readonly findings: readonly ImageFinding[];
}

/** Returns the first missing step of an item; undefined if no step is missing. */
export function findingOf(item: ItemState): ImageFinding | undefined {
  if (item.analysis_id === null) return { kind: "analysis-missing", item };
  if (item.embedded_analysis_id === null) return { kind: "embedding-missing", item };
  if (item.embedded_analysis_id !== item.analysis_id) return { kind: "embedding-stale", item };
  return undefined;
}
