import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import type { VectorStore } from "../../../core/collections/chroma/vector-store.ts";
import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import { moveHead, readHead } from "../../../core/collections/generations/head.ts";
import type { PublishedFiles } from "../../../core/collections/generations/published-copy.ts";
import { acquireLease } from "../../../core/collections/lease/lease.ts";
import { applyDeltas } from "../../../core/collections/merge/apply-deltas.ts";
import { rowsOf } from "../../../core/collections/segments/entry.ts";
import { Workspace } from "../../../core/collections/workspace/workspace.ts";
import { decodeDelta } from "../../../core/deltas/codec.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";

export interface DoctoredShard {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly shard: ShardName;
  readonly files: PublishedFiles;
  readonly model: string;
  readonly dimensions: number;
}

/** Publishes a generation that nobody sent messages for, through the condition that every publish passes. */
export async function publishDoctored(
  { client, controlTable, shard, files, model, dimensions }: DoctoredShard,
  change: (store: VectorStore) => Promise<void>,
): Promise<void> {
  const { collectionsPath, library, scratch, deltas } = files;
  const lease = await acquireLease(
    { client, controlTable, shard, clock: monotonicClock, leaseMs: 20_000 },
    { waitMs: 20_000, maxWaitMs: 60_000 },
  );
  if (lease === undefined) throw new Error("The lease was not to be had.");
  const from = await readHead(client, controlTable, shard);
  const generations = new Generations(collectionsPath, shard, monotonicClock);
  const workspace = new Workspace({ shard, generations, library, scratch, model, dimensions });
  const manifest = from && (await generations.manifest(from.name));
  const store = await workspace.open(manifest?.database ?? undefined);
  for (const entry of manifest ? (await generations.overlayOf(manifest)).values() : []) {
    await store.delete(await store.idsOf([entry.document]));
    const bytes = entry.gone ? undefined : await deltas.get(entry.deltaKey);
    if (!entry.gone && bytes) await applyDeltas(store, [rowsOf(decodeDelta(bytes), entry)]);
  }
  await change(store);
  const count = await store.count();
  await workspace.close();
  const generation = (from?.generation ?? 0) + 1;
  const name = generationName(generation, lease.token);
  await generations.write(workspace.folder, {
    name,
    base: from?.name ?? null,
    model,
    dimensions,
    count,
    documents: [],
  });
  await moveHead({
    client,
    controlTable,
    shard,
    lease,
    from,
    to: { generation, name, base: from?.name ?? null },
  });
  await lease.release();
  await workspace.discard();
}
