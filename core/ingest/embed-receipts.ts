import { encodeDeltaOf } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey, deltaPrefix } from "../deltas/keys.ts";
import type { Embedder, VectorBytes } from "../embedding/embedder.ts";
import type { SharedRequests } from "../embedding/shared-requests.ts";
import type { PlannedVector } from "../receipts/planned-vectors.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import type { RunRef } from "../runs/run-store.ts";

/** A receipt whose vectors are planned and whose run is known. */
export interface PlannedReceipt {
  readonly run: RunRef;
  readonly textFormat: string;
  /** The collections that still need a delta; an empty list gives a delta without vectors. */
  readonly vectors: Readonly<Partial<Record<Collection, readonly PlannedVector[]>>>;
}

export interface EmbeddedReceipt<Receipt extends PlannedReceipt> {
  readonly receipt: Receipt;
  /** Why the receipt has no deltas; undefined when all of them are durable. */
  readonly failure: unknown;
}

export interface EmbedServices {
  readonly embedder: Embedder;
  readonly requests: SharedRequests;
  readonly deltas: DeltaStore;
}

/**
 * Embeds receipts in shared, full requests and stores one delta a collection and receipt. Yields each receipt in
 * the order given once its deltas are durable, while later ones are still embedded; a failing one is yielded
 * with its failure and stops no other.
 */
export async function* embedReceipts<Receipt extends PlannedReceipt>(
  receipts: Iterable<Receipt>,
  services: EmbedServices,
): AsyncGenerator<EmbeddedReceipt<Receipt>> {
  const underWay = Array.from(receipts, (receipt) => embedReceipt(receipt, services));
  services.requests.flush();
  yield* underWay;
}

async function embedReceipt<Receipt extends PlannedReceipt>(
  receipt: Receipt,
  services: EmbedServices,
): Promise<EmbeddedReceipt<Receipt>> {
  try {
    const planned = collections.flatMap((collection) => receipt.vectors[collection] ?? []);
    const vectors = await services.requests.embed(planned.map((vector) => vector.text));
    await storeDeltas(receipt, vectors, services);
    return { receipt, failure: undefined };
  } catch (failure) {
    return { receipt, failure };
  }
}

/** `vectors` runs over the planned vectors of all collections, in the order of `collections`. */
async function storeDeltas(
  receipt: PlannedReceipt,
  vectors: readonly VectorBytes[],
  { embedder, deltas }: EmbedServices,
): Promise<void> {
  const writes: Promise<void>[] = [];
  let start = 0;
  for (const collection of collections) {
    const planned = receipt.vectors[collection];
    if (!planned) continue;
    const end = start + planned.length;
    const delta = {
      collection,
      ...receipt.run,
      model: embedder.model,
      dimensions: embedder.dimensions,
      textFormat: receipt.textFormat,
      ids: planned.map((vector) => vector.id),
      documents: planned.map((vector) => vector.document),
      metadatas: planned.map((vector) => vector.metadata),
    };
    const file = encodeDeltaOf(delta, vectors.slice(start, end));
    writes.push(deltas.put(deltaKey(deltaPrefix({ collection, ...receipt.run })), file));
    start = end;
  }
  await Promise.all(writes);
}
