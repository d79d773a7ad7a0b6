import type { Keeper } from "../../kept/kept-state.ts";
import type { KeptIndex, VectorBuckets } from "./vector-buckets.ts";

/** The indexes of all vector buckets with their vectors. */
export function vectorKeeper(buckets: VectorBuckets): Keeper {
  return {
    name: "s3-vectors",
    save: () =>
      new Map(
        buckets.all().map(({ name, indexes }) => [
          name,
          Array.from(
            indexes.values(),
            (index): KeptIndex => ({
              name: index.name,
              settings: index.settings,
              createdAt: index.createdAt,
              vectors: index.all(),
            }),
          ),
        ]),
      ),
    restore(state) {
      for (const [bucket, kept] of state as ReadonlyMap<string, readonly KeptIndex[]>) {
        buckets.kept.set(bucket, kept);
      }
    },
  };
}
