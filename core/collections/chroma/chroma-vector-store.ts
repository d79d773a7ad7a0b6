import { ChromaClient, type Collection as ChromaCollection, type Where } from "chromadb";
import type { Collection } from "../../../contract/collections.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { inSpan } from "../../tracing/span.ts";
import { updateBodies } from "./update-batches.ts";
import { postUpsert } from "./upsert-request.ts";
import {
  type MetadataChanges,
  type MetadataTerm,
  type Neighbour,
  type NeighbourQuery,
  type RowsPart,
  type StoredMetadata,
  type StoredVector,
  UpsertRefusedError,
  type VectorStore,
} from "./vector-store.ts";

/** Settings of the HNSW index. A change applies only to collections created after it. */
export const indexSettings = {
  space: "cosine",
  ef_construction: 100,
  ef_search: 100,
  max_neighbors: 16,
} as const;

/** Ids per request, and values of one filter per request. */
const idsPerRequest = 4_500;
const valuesPerRequest = 500;
/** Vectors are read as JSON numbers of about 20 bytes each. */
const vectorsPerRead = 500;
const vectorsPerPage = 5_000;

/** A collection in a Chroma server. */
export class ChromaVectorStore implements VectorStore {
  readonly #collection: ChromaCollection;
  readonly #url: string;
  #lastUpsert: Promise<void> = Promise.resolve();

  private constructor(collection: ChromaCollection, url: string) {
    this.#collection = collection;
    const { tenant, database, id } = collection;
    this.#url = `${url}/api/v2/tenants/${tenant}/databases/${database}/collections/${id}`;
  }

  /** Creates the collection if it does not exist. */
  static async open(
    server: { readonly url: string; readonly host: string; readonly port: number },
    collection: Collection,
  ): Promise<ChromaVectorStore> {
    const client = new ChromaClient({ host: server.host, port: server.port, ssl: false });
    const opened = await client.getOrCreateCollection({
      name: collection,
      configuration: { hnsw: indexSettings },
      embeddingFunction: null,
    });
    return new ChromaVectorStore(opened, server.url);
  }

  /** Serialised, because two concurrent upserts take longer than two in a row. */
  async upsert(parts: readonly RowsPart[]): Promise<void> {
    const posted = this.#lastUpsert.then(() => this.#post(parts));
    this.#lastUpsert = posted.catch(() => undefined);
    await posted;
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const some of inRequests(ids, idsPerRequest)) await this.#collection.delete({ ids: some });
  }

  count(): Promise<number> {
    return this.#collection.count();
  }

  async idsAt(offset: number, limit: number): Promise<string[]> {
    return (await this.#collection.get({ limit, offset, include: [] })).ids;
  }

  /** The metadata filter may also match other documents, so the ids are compared afterwards. */
  async idsOf(documents: readonly DocumentRef[]): Promise<string[]> {
    const wanted = new Set(documents.map(documentModel.keyOf));
    const found: string[] = [];
    for (const [key, terms] of Map.groupBy(documents.map(documentModel.filterOf), (term) => term.key)) {
      const values = [...new Set(terms.map(({ value }) => value))];
      for (const some of inRequests(values, valuesPerRequest)) {
        const { ids } = await this.#collection.get({ where: { [key]: { $in: some } }, include: [] });
        found.push(...ids.filter((id) => wanted.has(documentModel.keyOfVector(id))));
      }
    }
    return found;
  }

  /** Reads by id: for a metadata filter, Chroma reads all matches in one SQL statement, whose size is limited. */
  async metadataOf(documents: readonly DocumentRef[]): Promise<StoredMetadata[]> {
    return this.readMetadata(await this.idsOf(documents));
  }

  /** Does not use Chroma's client, which drops the nulls that delete metadata keys. */
  async updateMetadata(changes: ReadonlyMap<string, MetadataChanges>): Promise<void> {
    for (const body of updateBodies(changes)) {
      const answer = await fetch(`${this.#url}/update`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`Chroma failed to update with ${answer.status}: ${text.slice(0, 500)}`);
    }
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const some of inRequests(ids, idsPerRequest)) {
      const stored = await this.#collection.get({ ids: some, include: [] });
      for (const id of stored.ids) found.add(id);
    }
    return found;
  }

  async readMetadata(ids: readonly string[]): Promise<StoredMetadata[]> {
    const found: StoredMetadata[] = [];
    for (const some of inRequests(ids, idsPerRequest)) {
      const stored = await this.#collection.get({ ids: some, include: ["metadatas"] });
      found.push(...stored.rows().map(({ id, metadata }) => ({ id, metadata: plain(metadata) })));
    }
    return found;
  }

  async read(ids: readonly string[]): Promise<StoredVector[]> {
    const found: StoredVector[] = [];
    for (const some of inRequests(ids, vectorsPerRead)) {
      const stored = await this.#collection.get({
        ids: some,
        include: ["documents", "metadatas", "embeddings"],
      });
      for (const { id, document, metadata, embedding } of stored.rows()) {
        const vector = Float32Array.from(embedding ?? []);
        found.push({ id, document: document ?? "", metadata: plain(metadata), vector });
      }
    }
    return found;
  }

  /** All stored vectors without their numbers, in pages. Nothing may be written during the iteration. */
  async *pages(): AsyncGenerator<Omit<StoredVector, "vector">[]> {
    for (let offset = 0; ; offset += vectorsPerPage) {
      const stored = await this.#collection.get({
        limit: vectorsPerPage,
        offset,
        include: ["documents", "metadatas"],
      });
      if (stored.ids.length === 0) return;
      yield stored
        .rows()
        .map(({ id, document, metadata }) => ({ id, document: document ?? "", metadata: plain(metadata) }));
    }
  }

  /** All stored vectors, in pages. Nothing may be written during the iteration. */
  async *vectorPages(): AsyncGenerator<StoredVector[]> {
    for (let offset = 0; ; offset += vectorsPerRead) {
      const stored = await this.#collection.get({
        limit: vectorsPerRead,
        offset,
        include: ["documents", "metadatas", "embeddings"],
      });
      if (stored.ids.length === 0) return;
      yield stored.rows().map(({ id, document, metadata, embedding }) => ({
        id,
        document: document ?? "",
        metadata: plain(metadata),
        vector: Float32Array.from(embedding ?? []),
      }));
    }
  }

  async query({ vector, k, filter }: NeighbourQuery): Promise<Neighbour[]> {
    const where = whereOf(filter);
    const answer = await this.#collection.query({
      queryEmbeddings: [[...vector]],
      nResults: k,
      include: ["documents", "metadatas", "distances"],
      ...(where && { where }),
    });
    return (answer.rows()[0] ?? []).map(({ id, document, metadata, distance }) => ({
      id,
      document: document ?? "",
      metadata: plain(metadata),
      similarity: 1 - (distance ?? 1),
    }));
  }

  async #post(parts: readonly RowsPart[]): Promise<void> {
    const vectors = parts.reduce((sum, { from, to }) => sum + to - from, 0);
    const { status, text } = await inSpan("chroma.upsert", { vectors }, () =>
      postUpsert(`${this.#url}/upsert`, parts),
    );
    if (status < 300) return;
    if (status >= 400 && status < 500) throw new UpsertRefusedError(`${status} ${text.slice(0, 500)}`);
    throw new Error(`Chroma failed to upsert with ${status}: ${text.slice(0, 500)}`);
  }
}

function whereOf(filter: readonly MetadataTerm[]): Where | undefined {
  const terms = filter.map(whereOne);
  return terms.length > 1 ? { $and: terms } : terms[0];
}

/** Chroma rejects `$or` and `$and` with a single operand. */
function whereOne({ anyOf, equals }: MetadataTerm): Where {
  const [key, ...others] = anyOf;
  return others.length > 0 ? { $or: anyOf.map((each) => ({ [each]: equals })) } : { [key]: equals };
}

function plain(metadata: Record<string, unknown> | null | undefined): VectorMetadata {
  return (metadata ?? {}) as VectorMetadata;
}

function* inRequests<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
