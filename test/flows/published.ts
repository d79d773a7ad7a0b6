import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Collection, collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { readHead } from "../../core/collections/generations/head.ts";
import { withPublishedCopy } from "../../core/collections/generations/published-copy.ts";
import type { PublishedVectors } from "../../core/collections/segments/published-vectors.ts";
import type { VectorMetadata } from "../../core/deltas/delta.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { ReceiptRef } from "../../core/receipts/receipt.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { currentRunOf } from "../unit/runs/current.ts";
import type { RunningStack } from "./running-stack.ts";

export const library = join(import.meta.dirname, "../../.build/fold/chroma.node");

export function runsOf({ dynamo, outputs }: RunningStack): DynamoRunStore {
  return new DynamoRunStore({ client: dynamo, ...outputs, sourceTable: outputs.receiptsTable });
}

/** State of the current run's halves; `none` where there is no run, or it is not yet at the attempt asked for. */
export async function currentStates(stack: RunningStack, receipt: ReceiptRef) {
  const runs = runsOf(stack);
  const current = await runs.current(receipt);
  const found = await currentRunOf(runs, receipt);
  const run = found && found.attempts >= (current?.attempt ?? 0) ? found : undefined;
  return {
    runId: run?.runId,
    lines: run?.halves.lines.state ?? "none",
    words: run?.halves.words.state ?? "none",
  };
}

/** The head of every shard, by its name. */
export async function heads(stack: RunningStack) {
  const { dynamo, outputs } = stack;
  const ofShards = collections
    .flatMap((collection) => shardsOf(stack, collection))
    .map(async (shard) => [shard, await readHead(dynamo, outputs.controlTable, shard)] as const);
  return Object.fromEntries(await Promise.all(ofShards));
}

export function shardsOf({ outputs }: RunningStack, collection: Collection): ShardName[] {
  return shardNames(collection, outputs[`${collection}QueueUrls`].length);
}

/** Document and vector by id, of these receipts, as the published generations' own files hold them. */
export async function publishedVectors(
  stack: RunningStack,
  collection: Collection,
  receipts: readonly ReceiptRef[],
): Promise<Map<string, { document: string; vector: Float32Array }>> {
  const ofShards = await fromPublished(stack, collection, async (store) =>
    store.read(await store.idsOf(receipts)),
  );
  return new Map(ofShards.flat().map(({ id, document, vector }) => [id, { document, vector }]));
}

/** All that one shard has published; it must be of these receipts. */
export async function publishedIds(
  stack: RunningStack,
  shard: ShardName,
  receipts: readonly ReceiptRef[],
): Promise<string[]> {
  const published = await fromShard(stack, shard, async (store, count) => {
    const ids = await store.idsOf(receipts);
    expect(count).toBe(ids.length);
    return ids;
  });
  return published ?? [];
}

/** Metadata by id, of these receipts, from the same files. */
export async function publishedMetadata(
  stack: RunningStack,
  collection: Collection,
  receipts: readonly ReceiptRef[],
): Promise<Map<string, VectorMetadata>> {
  const stored = await fromPublished(stack, collection, (store) => store.metadataOf(receipts));
  return new Map(stored.flat().map(({ id, metadata }) => [id, metadata]));
}

/** What is read of each shard of the collection that has published. */
async function fromPublished<T>(
  stack: RunningStack,
  collection: Collection,
  read: (published: PublishedVectors) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (const shard of shardsOf(stack, collection)) {
    const one = await fromShard(stack, shard, read);
    if (one !== undefined) found.push(one);
  }
  return found;
}

async function fromShard<T>(
  { dynamo, outputs, collectionsPath, s3 }: RunningStack,
  shard: ShardName,
  read: (published: PublishedVectors, count: number) => Promise<T>,
): Promise<T | undefined> {
  const head = await readHead(dynamo, outputs.controlTable, shard);
  if (head === undefined) return undefined;
  const scratch = await mkdtemp(join(tmpdir(), "published-"));
  const deltas = new S3DeltaStore(s3, outputs.deltasBucket);
  const files = { collectionsPath, library, scratch, deltas };
  try {
    return await withPublishedCopy(files, shard, head.name, (published, { count }) => read(published, count));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
