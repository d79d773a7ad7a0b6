import { type Collection, collections } from "../../contract/collections.ts";
import { encodeDeltaOf } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey, deltaPrefix } from "../deltas/keys.ts";
import type { EmbeddedText } from "../embedding/embed-each.ts";
import type { Embedder } from "../embedding/embedder.ts";
import type { SharedRequests } from "../embedding/shared-requests.ts";
import type { PlannedVector } from "../receipts/planned-vectors.ts";
import type { RunRef } from "../runs/run-store.ts";

/** A receipt whose vectors are planned and whose run is known. */
export interface PlannedReceipt {
  readonly run: RunRef;
  readonly textFormat: string;
  /** The collections that still need a delta; an empty list gives a delta without vectors. */
  readonly vectors: Readonly<Partial<Record<Collection, readonly PlannedVector[]>>>;
}

/** A planned vector without an embedding: the provider refused its text, or returned an invalid vector. */
export interface RefusedVector {
  readonly collection: Collection;
  readonly id: string;
  readonly reason: string;
}

export interface EmbeddedReceipt<Receipt extends PlannedReceipt> {
  readonly receipt: Receipt;
  /** The vectors that the deltas omit. */
  readonly refused: readonly RefusedVector[];
  /** The reason why the receipt has no deltas; undefined if both are durable. */
  readonly failure: unknown;
}

export interface EmbedDeps {
  readonly embedder: Embedder;
  readonly requests: SharedRequests;
  readonly deltas: DeltaStore;
}

/**
 * Embeds receipts in shared, full requests and stores one delta per collection and receipt. Yields each receipt in the
 * order given once its deltas are durable, while later ones are still embedded; a failed receipt is yielded with its
 * failure and does not affect the others. A refused text fails its receipt only if no vector of the collection is left.
 */
export async function* embedReceipts<Receipt extends PlannedReceipt>(
  receipts: Iterable<Receipt>,
  deps: EmbedDeps,
): AsyncGenerator<EmbeddedReceipt<Receipt>> {
  const underWay = Array.from(receipts, (receipt) => embedReceipt(receipt, deps));
  deps.requests.flush();
  yield* underWay;
}

async function embedReceipt<Receipt extends PlannedReceipt>(
  receipt: Receipt,
  deps: EmbedDeps,
): Promise<EmbeddedReceipt<Receipt>> {
  try {
    const planned = plannedIn(receipt);
    const embedded = await deps.requests.embed(planned.map(({ vector }) => vector.text));
    requireSome(planned, embedded);
    await storeDeltas(receipt, planned, embedded, deps);
    const refused = planned.flatMap(({ collection, vector: { id } }, index) => {
      const refusal = embedded[index]?.refusal;
      return refusal === undefined ? [] : [{ collection, id, reason: refusal.message }];
    });
    return { receipt, refused, failure: undefined };
  } catch (failure) {
    return { receipt, refused: [], failure };
  }
}

interface Planned {
  readonly collection: Collection;
  readonly vector: PlannedVector;
}

function plannedIn({ vectors }: PlannedReceipt): Planned[] {
  return collections.flatMap((collection) =>
    (vectors[collection] ?? []).map((vector) => ({ collection, vector })),
  );
}

/** Throws the refusal if a collection would have none of its planned vectors. */
function requireSome(planned: readonly Planned[], embedded: readonly EmbeddedText[]): void {
  for (const collection of collections) {
    const own = embedded.filter((_, index) => planned[index]?.collection === collection);
    if (own.length > 0 && own.every(({ refusal }) => refusal !== undefined)) throw own[0]?.refusal;
  }
}

async function storeDeltas(
  receipt: PlannedReceipt,
  planned: readonly Planned[],
  embedded: readonly EmbeddedText[],
  { embedder, deltas }: EmbedDeps,
): Promise<void> {
  const asked = collections.filter((collection) => receipt.vectors[collection] !== undefined);
  await Promise.all(
    asked.map((collection) => {
      const kept = planned.flatMap(({ collection: own, vector: { id, document, metadata } }, index) => {
        const vector = embedded[index]?.vector;
        return own === collection && vector !== undefined ? [{ id, document, metadata, vector }] : [];
      });
      const delta = {
        collection,
        ...receipt.run,
        model: embedder.model,
        dimensions: embedder.dimensions,
        textFormat: receipt.textFormat,
        ids: kept.map(({ id }) => id),
        documents: kept.map(({ document }) => document),
        metadatas: kept.map(({ metadata }) => metadata),
      };
      const file = encodeDeltaOf(
        delta,
        kept.map(({ vector }) => vector),
      );
      return deltas.put(deltaKey(deltaPrefix({ collection, ...receipt.run })), file);
    }),
  );
}
