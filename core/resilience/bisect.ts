export interface Bisection<Item, Refusal> {
  /** Sends the items together. Resolves to why they are refused; undefined where they are taken. */
  readonly attempt: (items: readonly Item[]) => Promise<Refusal | undefined>;
  /** Items were refused together, and none of them alone: the other side takes fewer per request. */
  readonly onRefusedTogether?: (count: number) => void;
}

/**
 * Halves items that were refused together until each one that is refused stands alone. Returns these with their own
 * refusals; all others have been taken. Takes 2N-1 attempts where every item is refused. Throws what `attempt` throws.
 */
export async function bisect<Item, Refusal>(
  items: readonly Item[],
  refusal: Refusal,
  { attempt, onRefusedTogether = () => {} }: Bisection<Item, Refusal>,
): Promise<Map<Item, Refusal>> {
  const [only] = items;
  if (only !== undefined && items.length === 1) return new Map([[only, refusal]]);
  const refused = new Map<Item, Refusal>();
  const middle = Math.ceil(items.length / 2);
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    const own = await attempt(half);
    if (own === undefined) continue;
    for (const [item, reason] of await bisect(half, own, { attempt, onRefusedTogether })) {
      refused.set(item, reason);
    }
  }
  if (refused.size === 0) onRefusedTogether(items.length);
  return refused;
}
