import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { ChromaServer } from "../collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../collections/chroma/chroma-vector-store.ts";
import type { Neighbour, NeighbourQuery, VectorStore } from "../collections/chroma/vector-store.ts";
import { monotonicClock } from "../collections/clock.ts";
import { GenerationDamaged, Generations } from "../collections/generations/generations.ts";
import { readHead } from "../collections/generations/head.ts";
import type { Metrics } from "../metrics.ts";
import { collectionOf, type ShardName } from "../receipts/shards.ts";
import type { GenerationSource, OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import { GenerationOfAnotherModel } from "./search-failures.ts";

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
  readonly metrics: Metrics;
}

/** The generations that compaction published, each opened as a private copy with a Chroma server of its own. */
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

  /** Throws GenerationDamaged where the copy is not what the manifest says, or GenerationOfAnotherModel. */
  async open(published: PublishedGeneration): Promise<OpenGeneration> {
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
        throw new GenerationDamaged(this.#generations.pathOf(published.name), what);
      }
      return new OpenChromaGeneration(published, count, { folder, server, store });
    } catch (error) {
      if (error instanceof GenerationDamaged) this.#options.metrics.count("ManifestMismatches", 1);
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #requireOwnModel({ name }: PublishedGeneration, made: { model: string; dimensions: number }): void {
    const { model, dimensions } = this.#options;
    if (made.model !== model || made.dimensions !== dimensions) {
      throw new GenerationOfAnotherModel(name, made, { model, dimensions });
    }
  }
}

interface PrivateCopy {
  readonly folder: string;
  readonly server: ChromaServer;
  readonly store: VectorStore;
}

class OpenChromaGeneration implements OpenGeneration {
  readonly number: number;
  readonly name: string;
  readonly count: number;
  readonly #copy: PrivateCopy;

  constructor({ number, name }: PublishedGeneration, count: number, copy: PrivateCopy) {
    this.number = number;
    this.name = name;
    this.count = count;
    this.#copy = copy;
  }

  query(query: NeighbourQuery): Promise<readonly Neighbour[]> {
    return this.#copy.store.query(query);
  }

  alive(): boolean {
    return this.#copy.server.alive();
  }

  async close(): Promise<void> {
    await this.#copy.server.stop();
    await rm(this.#copy.folder, { recursive: true, force: true });
  }
}
