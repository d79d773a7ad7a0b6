import type { ShardName } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import { holdsShardKey } from "../documents/shards.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { Checksum, checksumOf, digestOf } from "./digest.ts";
import { type Expected, lookUp, type TruthDeps } from "./expected.ts";
import { otherNumbers, type Published } from "./published.ts";

/** Deltas that are in memory at once. */
const documentsAtOnce = 16;
/** Looked at between two glances at the clock. */
const documentsPerPage = 100;
/** Their findings fit ten times into the 6 MB of an answer. */
const maxDoubtful = 2_000;

/** The content of a shard, and the documents that differ. A change in flight may explain a difference. */
export interface FirstLook {
  /** Documents with expected vectors, those in flight included. */
  readonly documents: number;
  /** In the whole shard. */
  readonly vectors: number;
  /** By document key: why it cannot be compared yet. */
  readonly inFlight: ReadonlyMap<string, string>;
  /** By document key (or id of a vector without a document): the expected state, to detect changes. */
  readonly doubtful: ReadonlyMap<string, string>;
  /** The last document key that was checked; undefined if none remain. */
  readonly next: string | undefined;
}

export interface FirstLookOptions {
  readonly shard: ShardName;
  readonly withNumbers: boolean;
  /** What `next` of the look before said. */
  readonly after: string | undefined;
  readonly hasTime: () => boolean;
}

/**
 * Compares documents by checksum, in the order of their keys, for as long as there is time. Holds a few bytes per document
 * and the deltas of a few.
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

/** Two texts are equal where the same vectors are expected: the checksum of a delta, and the facts. */
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

/** Of what is published and of what is known, in an order that the next look finds again. */
async function keysAfter(
  after: string | undefined,
  sums: ReadonlyMap<string, Checksum>,
  known: AsyncIterable<readonly string[]>,
): Promise<string[]> {
  const keys = new Set(sums.keys());
  for await (const page of known) for (const key of page) keys.add(key);
  return [...keys].filter((key) => after === undefined || key > after).sort();
}

/** Nothing is expected under a key that is not a document of this shard. */
async function expectedOfKey(truth: TruthDeps, shard: ShardName, key: string) {
  const document = documentModel.ofKey(key);
  if (document === undefined || !holdsShardKey(shard, documentModel.shardKeyOf(document)))
    return { expected: undefined, isActive: false };
  return lookUp(truth, document);
}

async function hasOtherNumbers(published: Published, expected: Expected | undefined): Promise<boolean> {
  return expected?.kind === "vectors" && (await otherNumbers(published, expected.vectors)).size > 0;
}
