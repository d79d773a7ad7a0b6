import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { OneCollection } from "../../bench/compaction/one-collection.ts";
import type { StoredMetadata } from "../../core/collections/chroma/vector-store.ts";
import { withPublishedCopy } from "../../core/collections/generations/published-copy.ts";
import type { PublishedVectors } from "../../core/collections/segments/published-vectors.ts";

/** What a receipt's vectors must be. */
export interface DueReceipt {
  readonly due: readonly StoredMetadata[];
  /** Ids that must not be there. */
  readonly removed: readonly string[];
}

/** Ids that are compared at a time. */
const idsPerPage = 4_500;

/** The published generation holds exactly the expected vectors. Reads one page of ids at a time. */
export async function expectVerified(
  collection: OneCollection,
  receipts: Iterable<DueReceipt>,
): Promise<void> {
  const { premises, target, collectionsPath, deltas } = collection;
  const scratch = await mkdtemp(join(premises.folder, "verify-"));
  const files = { collectionsPath, library: premises.library, scratch, deltas };
  const head = (await collection.head())?.name ?? "none";
  await withPublishedCopy(files, target.collection, head, async (published, { count }) => {
    let total = 0;
    for (const { due, removed } of pages(receipts)) {
      await expectPage(published, due);
      expect(await published.readMetadata(removed)).toEqual([]);
      total += due.length;
    }
    let there = 0;
    for await (const page of published.pages()) there += page.length;
    // All that is due is there, so where the count is right there is nothing else.
    expect({ published: there, manifest: count }).toEqual({ published: total, manifest: total });
  });
}

async function expectPage(store: PublishedVectors, due: readonly StoredMetadata[]): Promise<void> {
  const stored = new Map(
    (await store.readMetadata(due.map(({ id }) => id))).map(({ id, metadata }) => [id, metadata]),
  );
  const wrong = due.filter(({ id, metadata }) => !isEqual(stored.get(id) ?? {}, metadata));
  expect(wrong.map(({ id, metadata }) => ({ id, due: metadata, published: stored.get(id) }))).toEqual([]);
}

function isEqual(one: StoredMetadata["metadata"], other: StoredMetadata["metadata"]): boolean {
  const keys = Object.keys(other);
  return keys.length === Object.keys(one).length && keys.every((key) => one[key] === other[key]);
}

function* pages(receipts: Iterable<DueReceipt>): Generator<DueReceipt> {
  let page = { due: [] as StoredMetadata[], removed: [] as string[] };
  for (const { due, removed } of receipts) {
    page.due.push(...due);
    page.removed.push(...removed);
    if (page.due.length < idsPerPage) continue;
    yield page;
    page = { due: [], removed: [] };
  }
  yield page;
}
