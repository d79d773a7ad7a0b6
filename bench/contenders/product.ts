import { ChromaVectorStore } from "../../core/collections/chroma/chroma-vector-store.ts";
import { applyDeltas } from "../../core/collections/merge/apply-deltas.ts";
import { decodeDelta } from "../../core/deltas/codec.ts";
import type { Delta } from "../../core/deltas/delta.ts";
import type { DeltaStore } from "../../core/deltas/delta-store.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { requestLimits } from "../../core/embedding/limits.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { SharedRequests } from "../../core/embedding/shared-requests.ts";
import {
  type EmbeddedReceipt,
  embedReceipts,
  type PlannedReceipt,
} from "../../core/ingest/embed-receipts.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import type { BenchRecord } from "../records.ts";
import type { Contender } from "./contender.ts";
import { FolderDeltaStore } from "./folder-delta-store.ts";

const collection = "lines";
const maxMs = 10 * 60_000;
/** As many as a compaction fetches ahead. */
const readAhead = 16;

/**
 * The product's own path, as its functions run it: texts go out in shared requests, each receipt's vectors become a
 * synced delta file, and each file is read back, checked and applied.
 */
export const product: Contender = {
  async prepare({ embeddingsUrl, model, dimensions, sinkUrl, folder }, records) {
    const limiter = unlimited;
    const giveUpAt = () => Date.now() + maxMs;
    const embedder = new OpenAiEmbedder({
      apiKey: "bench",
      baseUrl: embeddingsUrl,
      model,
      dimensions,
      limiter,
      giveUpAt,
    });
    const requests = new SharedRequests({ embedder, tokensPerRequest: requestLimits.tokens });
    const deltas = new FolderDeltaStore(folder);
    const { hostname, port } = new URL(sinkUrl);
    const store = await ChromaVectorStore.open(
      { url: sinkUrl, host: hostname, port: Number(port) },
      collection,
    );
    const receipts = receiptsOf(records);

    return async () => {
      const embedded = embedReceipts(receipts, { embedder, requests, deltas });
      await applyDeltas(store, storedDeltas(embedded, deltas));
    };
  },
};

/** Reads the delta of each receipt once it is durable, some ahead of the one that is applied. */
async function* storedDeltas(
  embedded: AsyncIterable<EmbeddedReceipt<PlannedReceipt>>,
  deltas: DeltaStore,
): AsyncGenerator<Delta> {
  const coming: Promise<Delta>[] = [];
  for await (const { receipt, failure } of embedded) {
    if (failure !== undefined) throw failure;
    coming.push(storedDelta(receipt, deltas));
    if (coming.length > readAhead) yield* coming.splice(0, 1);
  }
  yield* coming;
}

async function storedDelta({ run }: PlannedReceipt, deltas: DeltaStore): Promise<Delta> {
  const key = deltaKey(deltaPrefix({ collection, ...run }));
  const bytes = await deltas.get(key);
  if (!bytes) throw new Error(`The delta ${key} is not there.`);
  return decodeDelta(bytes);
}

function receiptsOf(records: readonly BenchRecord[]): PlannedReceipt[] {
  const byImage = Map.groupBy(records, ({ metadata }) => metadata.image_id);
  return Array.from(byImage, ([imageId, of]) => ({
    run: { imageId, receiptId: 1, runId: "bench" },
    textFormat: "bench",
    vectors: {
      [collection]: of.map(({ id, text, metadata }) => ({ id, text, document: text, metadata })),
    },
  }));
}
