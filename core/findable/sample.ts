import { hash } from "node:crypto";

export interface Sample {
  /** How many of a shard's vectors are drawn; null for all. */
  readonly size: number | null;
  /** The same seed draws the same ids, whatever else is stored and in whatever order. */
  readonly seed: string;
}

/**
 * The ids that are drawn, in the order in which they are asked for: by their hash, so that they are spread evenly over
 * documents and a later call goes on after the last id of an earlier one, also when others were published in between.
 */
export function drawn(ids: Iterable<string>, { size, seed }: Sample, after?: string): string[] {
  const place = (id: string) => hash("sha256", `${seed}\n${id}`, "hex") + id;
  const places = new Map(Array.from(ids, (id) => [place(id), id]));
  const inOrder = [...places.keys()].sort().slice(0, size ?? undefined);
  const from = after === undefined ? "" : place(after);
  return inOrder.filter((each) => each > from).map((each) => places.get(each) ?? "");
}
