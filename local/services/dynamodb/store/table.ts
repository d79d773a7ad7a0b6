import type { ChangeStream, UserIdentity } from "../change-stream.ts";
import { type AttributeValue, attributeOf, type Item } from "../values/attribute-value.ts";
import { itemBytes } from "../values/size.ts";
import { validationError } from "../values/validation.ts";
import { ItemTree } from "./item-tree.ts";
import { hasKey, type Keys, partsOf, requireIndexKey, requireKeyIn } from "./keys.ts";

export interface IndexDefinition {
  readonly name: string;
  readonly keys: Keys;
  readonly global: boolean;
  readonly projection: {
    readonly type: "ALL" | "KEYS_ONLY" | "INCLUDE";
    readonly include: readonly string[];
  };
}

interface Index extends IndexDefinition {
  readonly items: ItemTree;
}

const maxItemBytes = 400 * 1024;
/** Items that expired longer ago stay, as on AWS. */
const oldestExpirySeconds = 5 * 365 * 24 * 3600;
const expiry: UserIdentity = { type: "Service", principalId: "dynamodb.amazonaws.com" };

/** Items by key, their indexes and their stream. Nothing here waits, so that a call's reads and writes are one step. */
export class Table {
  readonly name: string;
  readonly keys: Keys;
  readonly items: ItemTree;
  readonly #indexes = new Map<string, Index>();
  stream: ChangeStream | undefined;
  /** The attribute that says when an item expires; undefined while TTL is off. */
  expiryAttribute: string | undefined;
  bytes = 0;

  constructor(name: string, keys: Keys) {
    this.name = name;
    this.keys = keys;
    this.items = new ItemTree(keys, keys);
  }

  get indexes(): readonly Index[] {
    return [...this.#indexes.values()];
  }

  /** Throws ValidationException. */
  index(name: string): Index {
    const index = this.#indexes.get(name);
    if (index !== undefined) return index;
    throw validationError(`The table does not have the specified index: ${name}`);
  }

  addIndex(definition: IndexDefinition): void {
    const index = { ...definition, items: new ItemTree(definition.keys, this.keys) };
    this.#indexes.set(definition.name, index);
    for (const item of this.items.scan(undefined)) this.#addTo(index, item);
  }

  deleteIndex(name: string): void {
    this.#indexes.delete(this.index(name).name);
  }

  /** Throws ValidationException if the item is invalid for this table. */
  requireStorable(item: Item, problem = "Item size has exceeded the maximum allowed size"): void {
    requireKeyIn(item, this.keys);
    for (const { keys, name } of this.#indexes.values()) requireIndexKey(item, keys, name);
    if (itemBytes(item) > maxItemBytes) throw validationError(problem);
  }

  /** Puts `after` in the place of `before`; undefined is no item. */
  write(before: Item | undefined, after: Item | undefined, by?: UserIdentity): void {
    if (before !== undefined) {
      this.bytes -= itemBytes(before);
      for (const index of this.#indexes.values()) if (hasKey(before, index.keys)) index.items.delete(before);
      if (after === undefined) this.items.delete(before);
    }
    if (after !== undefined) {
      this.bytes += itemBytes(after);
      this.items.put(after);
      for (const index of this.#indexes.values()) this.#addTo(index, after);
    }
    this.stream?.append(before, after, by);
  }

  /** Deletes expired items, which the real service does later. */
  expire(now: Date): number {
    const name = this.expiryAttribute;
    if (name === undefined) return 0;
    const seconds = now.getTime() / 1000;
    const expired = [...this.items.scan(undefined)].filter((item) =>
      isExpired(attributeOf(item, name), seconds),
    );
    for (const item of expired) this.write(item, undefined, expiry);
    return expired.length;
  }

  #addTo(index: Index, item: Item): void {
    if (!hasKey(item, index.keys)) return;
    index.items.put(index.projection.type === "ALL" ? item : this.#projected(index, item));
  }

  #projected(index: Index, item: Item): Item {
    const names = [...partsOf(this.keys), ...partsOf(index.keys)].map(({ name }) => name);
    const wanted = new Set([...names, ...index.projection.include]);
    return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
  }
}

function isExpired(value: AttributeValue | undefined, now: number): boolean {
  if (value === undefined || !("N" in value)) return false;
  const at = Number(value.N);
  return at <= now && at > now - oldestExpirySeconds;
}
