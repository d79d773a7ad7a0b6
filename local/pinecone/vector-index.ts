import { namespaceNotFound, storageFull } from "./api-error.ts";
import type { Predicate } from "./filter.ts";
import type { Metadata } from "./metadata.ts";
import { type StoredRecord, sizeOf } from "./records.ts";

export type Metric = "cosine" | "dotproduct";

export interface Scored {
  readonly record: StoredRecord;
  readonly score: number;
}

/** Named by no namespace or by this name: Pinecone knows them as one. */
const defaultNamespace = "__default__";
const defaultMaxBytes = 1024 ** 3;

/** The records of one index by namespace, in memory. A namespace exists while it has records. */
export class VectorIndex {
  readonly dimension: number;
  readonly metric: Metric;
  readonly #maxBytes: number;
  readonly #namespaces = new Map<string, Map<string, StoredRecord>>();
  #bytes = 0;

  constructor(dimension: number, metric: Metric, maxBytes = defaultMaxBytes) {
    this.dimension = dimension;
    this.metric = metric;
    this.#maxBytes = maxBytes;
  }

  /** StoredRecord counts by namespace. */
  get counts(): ReadonlyMap<string, number> {
    return new Map([...this.#namespaces].map(([name, records]) => [name, records.size]));
  }

  upsert(namespace: string, records: readonly StoredRecord[]): void {
    const stored = this.#namespaces.get(nameOf(namespace)) ?? new Map<string, StoredRecord>();
    const added = records.reduce((sum, record) => sum + sizeOf(record) - sizeIn(stored, record.id), 0);
    if (this.#bytes + added > this.#maxBytes) {
      throw storageFull(
        `The local Pinecone keeps ${this.#maxBytes} bytes of an index in memory, and no more`,
      );
    }
    this.#namespaces.set(nameOf(namespace), stored);
    for (const record of records) this.#put(stored, record);
  }

  get(namespace: string, id: string): StoredRecord | undefined {
    return this.#records(namespace).get(id);
  }

  /** Ids in their order. */
  ids(namespace: string): string[] {
    return [...this.#records(namespace).keys()].sort();
  }

  matching(namespace: string, fits: Predicate): StoredRecord[] {
    return [...this.#records(namespace).values()].filter(({ metadata }) => fits(metadata ?? {}));
  }

  /** The best first; every record is looked at. */
  query(namespace: string, vector: Float32Array, most: number, fits: Predicate): Scored[] {
    const length = this.metric === "cosine" ? Math.sqrt(dot(vector, vector)) : 1;
    return this.matching(namespace, fits)
      .map((record) => ({ record, score: this.#score(vector, record.values) / length }))
      .sort((one, other) => other.score - one.score)
      .slice(0, most);
  }

  /** Has no effect if there is no such record, like Pinecone. */
  update(
    namespace: string,
    id: string,
    values: Float32Array | undefined,
    metadata: Metadata | undefined,
  ): void {
    const records = this.#records(namespace);
    const record = records.get(id);
    if (record === undefined) return;
    const merged = metadata === undefined ? record.metadata : { ...record.metadata, ...metadata };
    this.#put(records, { id, values: values ?? record.values, metadata: merged });
  }

  /** Throws ApiError if there is no such namespace, like Pinecone. */
  delete(namespace: string, ids: readonly string[]): void {
    const records = this.#existing(namespace);
    for (const id of ids) {
      this.#bytes -= sizeIn(records, id);
      records.delete(id);
    }
    if (records.size === 0) this.#namespaces.delete(nameOf(namespace));
  }

  deleteAll(namespace: string): void {
    this.delete(namespace, [...this.#existing(namespace).keys()]);
  }

  #put(records: Map<string, StoredRecord>, record: StoredRecord): void {
    this.#bytes += sizeOf(record) - sizeIn(records, record.id);
    records.set(record.id, record);
  }

  #score(vector: Float32Array, values: Float32Array): number {
    const product = dot(vector, values);
    return this.metric === "cosine" ? product / Math.sqrt(dot(values, values)) : product;
  }

  #records(namespace: string): Map<string, StoredRecord> {
    return this.#namespaces.get(nameOf(namespace)) ?? new Map();
  }

  #existing(namespace: string): Map<string, StoredRecord> {
    const records = this.#namespaces.get(nameOf(namespace));
    if (records === undefined) throw namespaceNotFound();
    return records;
  }
}

function nameOf(namespace: string): string {
  return namespace === "" ? defaultNamespace : namespace;
}

function sizeIn(records: ReadonlyMap<string, StoredRecord>, id: string): number {
  const record = records.get(id);
  return record === undefined ? 0 : sizeOf(record);
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
