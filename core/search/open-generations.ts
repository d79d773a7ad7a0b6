import { rm } from "node:fs/promises";
import type { ChromaServer } from "../collections/chroma/chroma-server.ts";
import type { Neighbour, NeighbourQuery, VectorStore } from "../collections/chroma/vector-store.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import type { OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** A generation that is in memory was asked for approximate neighbours. */
export class GenerationIsExactError extends VectorkeepError {
  constructor(name: string) {
    super(`Generation ${name} is held in memory and has no approximate index.`, "Rank its snapshot.");
  }
}

/** A generation in memory. Nothing else of it is kept. */
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

interface PrivateCopy {
  readonly folder: string;
  readonly server: ChromaServer;
  readonly store: VectorStore;
}

/** A generation that is too large for memory: Chroma's index proposes neighbours. */
export class ApproximateGeneration implements OpenGeneration {
  readonly number: number;
  readonly name: string;
  readonly count: number;
  readonly snapshot = undefined;
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
