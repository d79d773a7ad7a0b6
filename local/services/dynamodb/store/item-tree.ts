import { createHash } from "node:crypto";
import { type AttributeValue, attributeOf, type Item } from "../values/attribute-value.ts";
import { compareValues } from "../values/compare.ts";
import { type Keys, keyText } from "./keys.ts";
import { firstNot } from "./sorted.ts";

interface Partition {
  /** Hexadecimal digits that place it in a scan. */
  readonly hash: string;
  /** In the order of their sort keys. */
  readonly items: Item[];
}

const hashDigits = 32;

/** The items of a table or of an index: by partition, and in each by sort key. */
export class ItemTree {
  readonly #keys: Keys;
  /** In an index several items may have the same key; they are ordered by the table's keys. */
  readonly #tableKeys: Keys;
  readonly #partitions = new Map<string, Partition>();
  readonly #inScanOrder: Partition[] = [];
  size = 0;

  constructor(keys: Keys, tableKeys: Keys) {
    this.#keys = keys;
    this.#tableKeys = tableKeys;
  }

  get(key: Item): Item | undefined {
    const items = this.partition(attributeOf(key, this.#keys.hash.name));
    const item = items[firstNot(items, (each) => this.#order(each, key) < 0)];
    return item !== undefined && this.#order(item, key) === 0 ? item : undefined;
  }

  put(item: Item): void {
    const hashKey = attributeOf(item, this.#keys.hash.name);
    const { items } = this.#partitions.get(partitionText(hashKey)) ?? this.#newPartition(hashKey);
    const at = firstNot(items, (each) => this.#order(each, item) < 0);
    const there = items[at];
    const replaced = there !== undefined && this.#order(there, item) === 0;
    items.splice(at, replaced ? 1 : 0, item);
    if (!replaced) this.size += 1;
  }

  delete(key: Item): void {
    const text = partitionText(attributeOf(key, this.#keys.hash.name));
    const partition = this.#partitions.get(text);
    if (partition === undefined) return;
    const { items, hash } = partition;
    const at = firstNot(items, (each) => this.#order(each, key) < 0);
    const there = items[at];
    if (there === undefined || this.#order(there, key) !== 0) return;
    items.splice(at, 1);
    this.size -= 1;
    if (items.length > 0) return;
    this.#partitions.delete(text);
    this.#inScanOrder.splice(
      firstNot(this.#inScanOrder, (each) => each.hash < hash),
      1,
    );
  }

  /** Returns the items in the order of their sort keys. */
  partition(hashKey: AttributeValue | undefined): readonly Item[] {
    return this.#partitions.get(partitionText(hashKey))?.items ?? [];
  }

  /** Yields the items of a partition after a key; in reverse order if `forward` is false. */
  *after(items: readonly Item[], key: Item | undefined, forward: boolean): Generator<Item> {
    if (forward) {
      const first = key === undefined ? 0 : firstNot(items, (each) => this.#order(each, key) <= 0);
      for (let at = first; at < items.length; at += 1) yield items[at] as Item;
      return;
    }
    const end = key === undefined ? items.length : firstNot(items, (each) => this.#order(each, key) < 0);
    for (let at = end - 1; at >= 0; at -= 1) yield items[at] as Item;
  }

  /** Yields all items after a key in scan order; only those of one segment if there are several. */
  *scan(key: Item | undefined, segment = 0, segments = 1): Generator<Item> {
    const keyHash = key && hashOf(partitionText(attributeOf(key, this.#keys.hash.name)));
    const start = keyHash ?? boundary(segment, segments);
    const end = segment + 1 === segments ? undefined : boundary(segment + 1, segments);
    const first = firstNot(this.#inScanOrder, (each) => each.hash < start);
    for (let at = first; at < this.#inScanOrder.length; at += 1) {
      const { hash, items } = this.#inScanOrder[at] as Partition;
      if (end !== undefined && hash >= end) return;
      yield* this.after(items, hash === keyHash ? key : undefined, true);
    }
  }

  #newPartition(hashKey: AttributeValue | undefined): Partition {
    const text = partitionText(hashKey);
    const partition: Partition = { hash: hashOf(text), items: [] };
    this.#partitions.set(text, partition);
    this.#inScanOrder.splice(
      firstNot(this.#inScanOrder, (each) => each.hash < partition.hash),
      0,
      partition,
    );
    return partition;
  }

  /** Compares two items of the same partition. */
  #order(a: Item, b: Item): number {
    const { range } = this.#keys;
    const byRange = range === undefined ? 0 : compareAttribute(a, b, range.name);
    if (byRange !== 0 || this.#keys === this.#tableKeys) return byRange;
    const [left, right] = [keyText(a, this.#tableKeys), keyText(b, this.#tableKeys)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
}

function compareAttribute(a: Item, b: Item, name: string): number {
  const [left, right] = [attributeOf(a, name), attributeOf(b, name)];
  return left === undefined || right === undefined ? 0 : (compareValues(left, right) ?? 0);
}

function partitionText(hashKey: AttributeValue | undefined): string {
  return JSON.stringify(hashKey);
}

/** Hashes the whole key, so that no two partitions have the same position. */
function hashOf(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function boundary(segment: number, segments: number): string {
  const share = (BigInt(segment) << 128n) / BigInt(segments);
  return share.toString(16).padStart(hashDigits, "0");
}
