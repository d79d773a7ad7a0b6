export interface BatchLimits<Item> {
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly bytesOf: (item: Item) => number;
}

/** The items in order, in batches of at most `maxCount`. */
export function batchesByCount<Item>(items: Iterable<Item>, maxCount: number): Generator<Item[]> {
  return batchesOf(items, { maxCount, maxBytes: Number.POSITIVE_INFINITY, bytesOf: () => 0 });
}

/** The items in order, in as few batches as the limits allow. An item larger than `maxBytes` is a batch of its own. */
export function* batchesOf<Item>(
  items: Iterable<Item>,
  { maxCount, maxBytes, bytesOf }: BatchLimits<Item>,
): Generator<Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = bytesOf(item);
    if (batch.length === maxCount || (batch.length > 0 && bytes + more > maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
