export interface Bisection<Item, Refusal> {
  /** Sends the items together. Resolves to the reason if they are refused, and to undefined if they are accepted. */
  readonly attempt: (items: readonly Item[]) => Promise<Refusal | undefined>;
  /** Called if items are refused together but none of them alone, because the receiver accepts fewer per request. */
  readonly onRefusedTogether?: (count: number) => void;
}

/**
 * Halves items that were refused together until each refused item is alone. Returns these with their own reasons; all
 * others have been accepted. Needs at most 2N-1 attempts. Throws the errors of `attempt`.
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
