import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { ChromaServer } from "../collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../collections/chroma/chroma-vector-store.ts";
import { GenerationCorruptError, Generations } from "../collections/generations/generations.ts";
import { readHead } from "../collections/generations/head.ts";
import type { Manifest } from "../collections/generations/manifest.ts";
import type { Metrics } from "../metrics.ts";
import { type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import { collectionOf, type ShardName } from "../receipts/shards.ts";
import { monotonicClock } from "../resilience/clock.ts";
import type { GenerationSource, OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import { ApproximateGeneration, SnapshotGeneration } from "./open-generations.ts";
import { GenerationOfAnotherModelError } from "./search-errors.ts";
import { isExact, readSnapshot } from "./snapshot/read-snapshot.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

export interface ChromaGenerationsOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  /** Folder of all collections on the shared file system. Only read. */
  readonly collectionsPath: string;
  readonly shard: ShardName;
  /** What the texts of queries are embedded with. */
  readonly model: string;
  readonly dimensions: number;
  /** File of the native Chroma library. */
  readonly library: string;
  /** Local folder for private copies. */
  readonly scratch: string;
  /** Generations of more vectors are not held in memory: their answers are approximate. */
  readonly exactVectors: number;
  readonly metrics: Metrics;
}

/** Publishes that a reader may have missed before it reads all again. */
const maxMissedGenerations = 32;

/**
 * The generations that compaction published. Each is opened as a private copy with a Chroma server of its own, which
 * ends when its vectors are in memory.
 */
export class ChromaGenerations implements GenerationSource {
  readonly #options: ChromaGenerationsOptions;
  readonly #generations: Generations;

  constructor(options: ChromaGenerationsOptions) {
    this.#options = options;
    this.#generations = new Generations(options.collectionsPath, options.shard, monotonicClock);
  }

  async head(): Promise<PublishedGeneration | undefined> {
    const { client, controlTable, shard } = this.#options;
    const head = await readHead(client, controlTable, shard);
    return head && { number: head.generation, name: head.name };
  }

  /** Throws GenerationCorruptError where the copy is not what the manifest says, or GenerationOfAnotherModelError. */
  async open(published: PublishedGeneration, previous: OpenGeneration | undefined): Promise<OpenGeneration> {
    const { shard, library, scratch } = this.#options;
    const folder = await mkdtemp(join(scratch, `${shard}-${published.name}-`));
    let server: ChromaServer | undefined;
    try {
      const manifest = await this.#generations.copyTo(folder, published.name);
      this.#requireOwnModel(published, manifest);
      server = await ChromaServer.start({ library, path: folder });
      const store = await ChromaVectorStore.open(server, collectionOf(shard));
      const count = await store.count();
      if (count !== manifest.count) {
        const what = `it holds ${count} vectors, not ${manifest.count}`;
        throw new GenerationCorruptError(this.#generations.pathOf(published.name), what);
      }
      if (!isExact(count, this.#options.exactVectors)) {
        return new ApproximateGeneration(published, count, { folder, server, store });
      }
      const snapshot = await this.#read(store, manifest, previous);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      return new SnapshotGeneration(published, count, snapshot);
    } catch (error) {
      if (error instanceof GenerationCorruptError) this.#options.metrics.count("ManifestMismatches", 1);
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Only the receipts in which it may differ from what is served, where the manifests in between say which. */
  async #read(
    store: ChromaVectorStore,
    manifest: Manifest,
    previous: OpenGeneration | undefined,
  ): Promise<Snapshot> {
    const changed = previous && (await this.#changedSince(previous.name, manifest));
    if (changed && previous.snapshot) {
      const vectors = await store.read(await store.idsOf(changed));
      const snapshot = previous.snapshot.with(new Set(changed.map(receiptKey)), vectors);
      if (snapshot.vectors === manifest.count) return snapshot;
    }
    return readSnapshot(store, manifest.dimensions);
  }

  /** Undefined where a generation in between is not readable, or there are too many. */
  async #changedSince(served: string, newest: Manifest): Promise<ReceiptRef[] | undefined> {
    const changed: ReceiptRef[] = [];
    let manifest: Manifest | undefined = newest;
    for (let missed = 0; manifest !== undefined && missed < maxMissedGenerations; missed++) {
      for (const { image_id, receipt_id } of manifest.receipts) {
        changed.push({ imageId: image_id, receiptId: receipt_id });
      }
      if (manifest.base === served) return changed;
      manifest =
        manifest.base === null ? undefined : await this.#generations.manifestIfReadable(manifest.base);
    }
    return undefined;
  }

  #requireOwnModel({ name }: PublishedGeneration, made: { model: string; dimensions: number }): void {
    const { model, dimensions } = this.#options;
    if (made.model !== model || made.dimensions !== dimensions) {
      throw new GenerationOfAnotherModelError(name, made, { model, dimensions });
    }
  }
}
