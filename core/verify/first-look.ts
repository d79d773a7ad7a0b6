import type { ShardName } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import { holdsShardKey } from "../documents/shards.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { Checksum, checksumOf, digestOf } from "./digest.ts";
import { type Expected, lookUp, type TruthDeps } from "./expected.ts";
import { otherNumbers, type Published } from "./published.ts";

/** Number of deltas in memory at a time. */
const documentsAtOnce = 16;
/** Documents that are checked between two readings of the clock. */
const documentsPerPage = 100;
/** A response of 6 MB has room for ten times as many findings. */
const maxDoubtful = 2_000;

/** The size of a shard, and the documents that differ. A change in flight may explain a difference. */
export interface FirstLook {
  /** Number of documents with expected vectors, including those in flight. */
  readonly documents: number;
  /** Number of vectors in the whole shard. */
  readonly vectors: number;
  /** The reason why a document cannot be compared yet, by document key. */
  readonly inFlight: ReadonlyMap<string, string>;
  /**
   * The expected state of each document that differs, to detect later changes. By document key, or by id for vectors
   * without a document.
   */
  readonly doubtful: ReadonlyMap<string, string>;
  /** The last document key that was checked; undefined if none remain. */
  readonly next: string | undefined;
}

export interface FirstLookOptions {
  readonly shard: ShardName;
  readonly withNumbers: boolean;
  /** The value of `next` of the previous look. */
  readonly after: string | undefined;
  readonly hasTime: () => boolean;
}

/**
 * Compares documents by checksum, in the order of their keys, as long as time permits. Keeps a few bytes per document
 * and a few deltas in memory.
 */
export async function lookAtDocuments(
  truth: TruthDeps,
  known: AsyncIterable<readonly string[]>,
  published: Published,
  { shard, withNumbers, after, hasTime }: FirstLookOptions,
): Promise<FirstLook> {
  const { sums, vectors } = await checksumsOf(published);
  const keys = await keysAfter(after, sums, known);
  const inFlight = new Map<string, string>();
  const doubtful = new Map<string, string>();
  let documents = 0;
  let looked = 0;
  while (looked < keys.length && (looked === 0 || (doubtful.size < maxDoubtful && hasTime()))) {
    const page = keys.slice(looked, looked + documentsPerPage);
    await inParallel(page, documentsAtOnce, async (key) => {
      const { expected, isActive } = await expectedOfKey(truth, shard, key);
      if (expected === undefined && !sums.has(key)) return;
      if (isActive) documents += 1;
      if (expected?.kind === "in_flight") inFlight.set(key, expected.why);
      else if (
        textOf(expected) !== (sums.get(key)?.toString() ?? nothing) ||
        (withNumbers && (await hasOtherNumbers(published, expected)))
      ) {
        doubtful.set(key, textOf(expected));
      }
    });
    looked += page.length;
  }
  return {
    documents,
    vectors,
    inFlight,
    doubtful,
    next: looked < keys.length ? keys[looked - 1] : undefined,
  };
}

/** A text that is equal if the same vectors are expected. */
export function textOf(expected: Expected | undefined): string {
  if (expected === undefined) return "unknown";
  return expected.kind === "vectors" ? checksumOf(expected.vectors) : `${expected.kind}: ${expected.why}`;
}

const nothing = checksumOf([]);

async function checksumsOf(published: Published) {
  const sums = new Map<string, Checksum>();
  let vectors = 0;
  for await (const page of published.pages()) {
    vectors += page.length;
    for (const vector of page) {
      const key = documentModel.keyOfVector(vector.id);
      const sum = sums.get(key) ?? new Checksum();
      sum.add(digestOf(vector));
      sums.set(key, sum);
    }
  }
  return { sums, vectors };
}

/** Keys of all published and all known documents after `after`, sorted so that the next look can continue. */
async function keysAfter(
  after: string | undefined,
  sums: ReadonlyMap<string, Checksum>,
  known: AsyncIterable<readonly string[]>,
): Promise<string[]> {
  const keys = new Set(sums.keys());
  for await (const page of known) for (const key of page) keys.add(key);
  return [...keys].filter((key) => after === undefined || key > after).sort();
}

/** No vectors are expected for a key that is not a document of this shard. */
async function expectedOfKey(truth: TruthDeps, shard: ShardName, key: string) {
  const document = documentModel.ofKey(key);
  if (document === undefined || !holdsShardKey(shard, documentModel.shardKeyOf(document)))
    return { expected: undefined, isActive: false };
  return lookUp(truth, document);
}

async function hasOtherNumbers(published: Published, expected: Expected | undefined): Promise<boolean> {
  return expected?.kind === "vectors" && (await otherNumbers(published, expected.vectors)).size > 0;
}
