import { hash } from "node:crypto";

export interface Sample {
  /** Number of vectors to sample per shard; null for all. */
  readonly size: number | null;
  /** The same seed draws the same ids, regardless of other stored ids and of their order. */
  readonly seed: string;
}

/**
 * The sampled ids, ordered by hash. This spreads them evenly over documents, and lets a later call continue after the
 * last id of an earlier one even if vectors were published in between.
 */
export function drawn(ids: Iterable<string>, { size, seed }: Sample, after?: string): string[] {
  const place = (id: string) => hash("sha256", `${seed}\n${id}`, "hex") + id;
  const places = new Map(Array.from(ids, (id) => [place(id), id]));
  const inOrder = [...places.keys()].sort().slice(0, size ?? undefined);
  const from = after === undefined ? "" : place(after);
  return inOrder.filter((each) => each > from).map((each) => places.get(each) ?? "");
}
