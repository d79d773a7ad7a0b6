import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { collectionOf, type ShardName } from "../../../contract/collections.ts";
import { ChromaServer } from "../chroma/chroma-server.ts";
import { ChromaVectorStore } from "../chroma/chroma-vector-store.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { GenerationReader } from "../generations/generation-reader.ts";
import { CollectionOfOtherModelError } from "../generations/other-model-error.ts";

export interface WorkspaceOptions {
  readonly shard: ShardName;
  readonly generations: GenerationReader;
  /** Path of Chroma's native library. */
  readonly library: string;
  /** Folder on a local disk; other processes may share it. */
  readonly scratch: string;
  readonly model: string;
  readonly dimensions: number;
}

/** This process's copy of a generation on local disk, with a Chroma server that serves it. */
export class Workspace {
  readonly folder: string;
  readonly #options: WorkspaceOptions;
  /** The generation that the folder is a copy of; undefined once a server has opened the folder. */
  #holds: string | undefined;
  #server: ChromaServer | undefined;
  #bytesCopied = 0;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    this.folder = join(options.scratch, `vectorkeep-${options.shard}-${process.pid}`);
  }

  /** Bytes that this workspace has copied from the shared file system so far. */
  get bytesCopied(): number {
    return this.#bytesCopied;
  }

  /**
   * Copies a generation, unless the folder is already a copy of it, and opens it. Opens an empty database if no name is
   * given. `from` reads generations other than the shard's published ones. Throws GenerationCorruptError and
   * CollectionOfOtherModelError.
   */
  async open(name: string | undefined, from?: GenerationReader): Promise<VectorStore> {
    if (from !== undefined || name === undefined || this.#holds !== name) await this.#materialise(name, from);
    return this.reopen();
  }

  /** Opens the folder as it is, after it was closed. */
  async reopen(): Promise<VectorStore> {
    this.#holds = undefined;
    const { library, shard } = this.#options;
    this.#server = await ChromaServer.start({ library, path: this.folder });
    return ChromaVectorStore.open(this.#server, collectionOf(shard));
  }

  /** Stops the server. When this resolves, the database files are complete. */
  async close(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Whether the folder is a copy of this generation, so that opening it reads nothing from the shared file system. */
  isCopyOf(name: string): boolean {
    return this.#holds === name;
  }

  /** Marks the closed folder as equal to this generation, so that the next cycle need not copy it. */
  keep(name: string): void {
    this.#holds = name;
  }

  async discard(): Promise<void> {
    await this.close();
    this.#holds = undefined;
    await rm(this.folder, { recursive: true, force: true });
  }

  async #materialise(name: string | undefined, from = this.#options.generations): Promise<void> {
    await this.discard();
    await removeLeftBehind(this.#options);
    await mkdir(this.folder, { recursive: true });
    if (name === undefined) return;
    const { shard, model, dimensions } = this.#options;
    const published = await from.manifest(name);
    if (published.model !== model || published.dimensions !== dimensions) {
      throw new CollectionOfOtherModelError(
        shard,
        `${published.model} with ${published.dimensions} dimensions`,
        `${model} with ${dimensions}`,
      );
    }
    await from.copyTo(this.folder, name);
    for (const { size } of published.files) this.#bytesCopied += size;
  }
}

/** Removes folders of processes that were killed; they would fill the disk. */
async function removeLeftBehind({ scratch, shard }: WorkspaceOptions): Promise<void> {
  const pattern = new RegExp(`^vectorkeep-${shard}-(\\d+)$`);
  for (const name of await readdir(scratch)) {
    const pid = pattern.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(scratch, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
