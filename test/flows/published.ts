import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaVectorStore } from "../../core/collections/chroma-vector-store.ts";
import { readHead } from "../../core/collections/head.ts";
import type { VectorStore } from "../../core/collections/vector-store.ts";
import type { VectorMetadata } from "../../core/deltas/delta.ts";
import type { ReceiptRef } from "../../core/receipts/receipt.ts";
import { type Collection, collections } from "../../core/receipts/receipt.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { withPublishedCopy } from "../../local/start/published-copy.ts";
import { currentRunOf } from "../unit/runs/current.ts";
import type { RunningStack } from "./running-stack.ts";

const library = join(import.meta.dirname, "../../.build/compaction/chroma.node");

export function runsOf({ dynamo, outputs }: RunningStack): DynamoRunStore {
  return new DynamoRunStore({ client: dynamo, ...outputs });
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

export async function heads({ dynamo, outputs }: RunningStack) {
  const [lines, words] = await Promise.all(
    collections.map((collection) => readHead(dynamo, outputs.controlTable, collection)),
  );
  return { lines, words };
}

/** Document and vector by id, of these receipts, as the published generation's own files hold them. */
export async function publishedVectors(
  stack: RunningStack,
  collection: Collection,
  receipts: readonly ReceiptRef[],
): Promise<Map<string, { document: string; vector: Float32Array }>> {
  const vectors = await fromPublished(stack, collection, async (store) =>
    store.read(await store.idsOf(receipts)),
  );
  return new Map(vectors?.map(({ id, document, vector }) => [id, { document, vector }]));
}

/** Metadata by id, of these receipts, from the same files. */
export async function publishedMetadata(
  stack: RunningStack,
  collection: Collection,
  receipts: readonly ReceiptRef[],
): Promise<Map<string, VectorMetadata>> {
  const stored = await fromPublished(stack, collection, (store) => store.metadataOf(receipts));
  return new Map(stored?.map(({ id, metadata }) => [id, metadata]));
}

async function fromPublished<T>(
  { dynamo, outputs, collectionsPath }: RunningStack,
  collection: Collection,
  read: (store: VectorStore) => Promise<T>,
): Promise<T | undefined> {
  const head = await readHead(dynamo, outputs.controlTable, collection);
  if (head === undefined) return undefined;
  const scratch = await mkdtemp(join(tmpdir(), "published-"));
  const files = { collectionsPath, library, scratch };
  try {
    return await withPublishedCopy(files, collection, head.name, async (server) =>
      read(await ChromaVectorStore.open(server, collection)),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
