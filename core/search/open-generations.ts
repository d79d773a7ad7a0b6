import { rm } from "node:fs/promises";
import type { ChromaServer } from "../collections/chroma/chroma-server.ts";
import type { Neighbour, NeighbourQuery, VectorStore } from "../collections/chroma/vector-store.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import type { OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import { neighboursOver, type OverlayVectors } from "./overlay-neighbours.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** Approximate neighbours were requested from a generation that is in memory. */
export class GenerationIsExactError extends VectorkeepError {
  constructor(name: string) {
    super(`Generation ${name} is held in memory and has no approximate index.`, "Rank its snapshot.");
  }
}

/** A generation in memory; its copy on disk has been removed. */
export class SnapshotGeneration implements OpenGeneration {
  readonly number: number;
  readonly name: string;
  readonly count: number;
  readonly snapshot: Snapshot;

  constructor({ number, name }: PublishedGeneration, count: number, snapshot: Snapshot) {
    this.number = number;
    this.name = name;
    this.count = count;
    this.snapshot = snapshot;
  }

  query(): Promise<readonly Neighbour[]> {
    return Promise.reject(new GenerationIsExactError(this.name));
  }

  alive(): boolean {
    return true;
  }

  async close(): Promise<void> {}
}

/**
 * A private copy of a base with its Chroma server. Generations above the same base share it; closing the last one
 * removes it.
 */
export class BaseCopy {
  readonly store: VectorStore;
  readonly #server: ChromaServer;
  readonly #folder: string;
  #users = 0;

  constructor(folder: string, server: ChromaServer, store: VectorStore) {
    this.#folder = folder;
    this.#server = server;
    this.store = store;
  }

  alive(): boolean {
    return this.#server.alive();
  }

  use(): this {
    this.#users += 1;
    return this;
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A generation that is too large for memory. Chroma's index of its base proposes neighbours. */
export class ApproximateGeneration implements OpenGeneration {
  readonly number: number;
  readonly name: string;
  readonly count: number;
  readonly snapshot = undefined;
  readonly base: BaseCopy;
  readonly overlay: OverlayVectors;

  constructor({ number, name }: PublishedGeneration, count: number, base: BaseCopy, overlay: OverlayVectors) {
    this.number = number;
    this.name = name;
    this.count = count;
    this.base = base.use();
    this.overlay = overlay;
  }

  query(query: NeighbourQuery): Promise<readonly Neighbour[]> {
    return neighboursOver((asked) => this.base.store.query(asked), this.overlay, query);
  }

  alive(): boolean {
    return this.base.alive();
  }

  close(): Promise<void> {
    return this.base.release();
  }
}
