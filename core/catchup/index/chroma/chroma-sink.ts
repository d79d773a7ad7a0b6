import * as z from "zod";
import { batchesByCount } from "../../../resilience/batch.ts";
import type { SinkDescription, SinkLimits, SinkVector, VectorSink } from "../vector-sink.ts";
import { bytesPerNumber, vectorsJson } from "../vectors-json.ts";
import { ChromaRequests, type ChromaRequestsOptions } from "./chroma-requests.ts";
import { Collections } from "./collections.ts";

const metadataBytes = 40_960;
const limits: SinkLimits = {
  // Chroma Cloud's limit per write. A self-hosted server allows more, but is not faster with it.
  vectors: 300,
  bytes: 5_000_000,
  bytesPerNumber,
  inFlight: 2,
  metadataBytes,
  filterableBytes: metadataBytes,
  metadataKeys: Number.POSITIVE_INFINITY,
};
/** Chroma Cloud's limit per read. */
const idsPerGet = 300;

const found = z.object({
  ids: z.array(z.string()),
  metadatas: z.array(z.record(z.string(), z.unknown()).nullable()),
});

type Stored = Map<string, Readonly<Record<string, unknown>>>;

/**
 * A database of a Chroma server, with one collection per namespace. The text of a record is its document. Throws the errors of
 * index-errors.ts.
 */
export class ChromaSink implements VectorSink {
  readonly sink = "chroma";
  readonly limits = limits;
  readonly #requests: ChromaRequests;
  readonly #collections: Collections;

  constructor(options: ChromaRequestsOptions) {
    this.#requests = new ChromaRequests(options);
    this.#collections = new Collections(this.#requests);
  }

  async upsert(namespace: string, vectors: readonly SinkVector[]): Promise<void> {
    const id = await this.#collections.idFor(namespace);
    const held = await this.#metadataOf(
      id,
      vectors.map((vector) => vector.id),
    );
    this.#requests.accepted(
      await this.#requests.post(`/collections/${id}/upsert`, upsertBody(vectors, held)),
    );
  }

  async delete(namespace: string, ids: readonly string[]): Promise<void> {
    const collection = await this.#collections.find(namespace);
    if (collection === undefined) return;
    for (const some of batchesByCount(ids, idsPerGet)) {
      this.#requests.accepted(
        await this.#requests.post(`/collections/${collection.id}/delete`, { ids: some }),
      );
    }
  }

  async contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>> {
    const collection = await this.#collections.find(namespace);
    const held = collection === undefined ? new Map() : await this.#metadataOf(collection.id, ids);
    return new Map(
      [...held].flatMap(([id, { content_hash: hash }]) =>
        typeof hash === "string" ? [[id, hash] as const] : [],
      ),
    );
  }

  async describe(namespace: string): Promise<SinkDescription> {
    const collection = await this.#collections.find(namespace);
    if (collection === undefined) await this.#collections.requireDatabase();
    const dimension = collection?.dimension ?? undefined;
    return { dimension, isUsed: dimension !== undefined };
  }

  async #metadataOf(collectionId: string, ids: readonly string[]): Promise<Stored> {
    const stored: Stored = new Map();
    for (const some of batchesByCount(ids, idsPerGet)) {
      const answer = await this.#requests.post(`/collections/${collectionId}/get`, {
        ids: some,
        include: ["metadatas"],
      });
      const { ids: existing, metadatas } = this.#requests.read(found, answer);
      existing.forEach((id, at) => {
        stored.set(id, metadatas[at] ?? {});
      });
    }
    return stored;
  }
}

/**
 * Chroma merges new metadata into that of an existing id. Keys that a vector no longer has are set to null, which
 * deletes them.
 */
function upsertBody(vectors: readonly SinkVector[], held: Stored): Buffer {
  const metadatas = vectors.map(({ id, metadata: { text, ...rest } }) => {
    const stale = Object.keys(held.get(id) ?? {}).filter((key) => !Object.hasOwn(rest, key));
    const metadata = { ...Object.fromEntries(stale.map((key) => [key, null])), ...rest };
    return Object.keys(metadata).length === 0 ? null : metadata;
  });
  const columns = {
    ids: vectors.map(({ id }) => id),
    documents: vectors.map(({ metadata: { text } }) => text ?? null),
    metadatas,
  };
  const frames = vectors.map(({ vector }) => ({ before: "[", vector, after: "]" }));
  return vectorsJson('{"embeddings":', frames, `,${JSON.stringify(columns).slice(1)}`);
}
