import { constants } from "node:fs";
import { copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ShardName } from "../../../contract/collections.ts";
import type { Clock } from "../../resilience/clock.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { type BaseIndex, decodeIndex } from "../segments/base-index.ts";
import { type Overlay, overlayOf } from "../segments/overlay.ts";
import { SegmentFiles } from "../segments/segment-files.ts";
import { parseGenerationName, withoutTemporary } from "./generation-name.ts";
import {
  databaseFolder,
  describeFiles,
  indexFile,
  type Manifest,
  type ManifestFile,
  manifestFile,
  readManifest,
  sha256Of,
} from "./manifest.ts";
import { ProvenFiles } from "./proven-files.ts";

/** The files of a published generation are missing or do not match its manifest. */
export class GenerationCorruptError extends VectorkeepError {
  constructor(folder: string, what: string, options?: ErrorOptions) {
    super(
      `The generation in ${folder} is corrupt: ${what}.`,
      "Restore the folder from a backup, or point the collection's head at an older generation.",
      options,
    );
  }
}

/** NFS caches directories, so a folder that was just renamed may be invisible for some seconds. */
const maxWaitMs = 60_000;
const retryMs = 500;
/** Enough for 15 minutes of publishes at one every five seconds, and some more. */
const maxManifests = 300;
/** The directory entry does not exist, or the handle belongs to a file that was replaced. */
const staleCodes = new Set(["ENOENT", "ESTALE"]);

export interface GenerationFolder {
  readonly name: string;
  /** Token of the lease under which it was written. */
  readonly token: number;
}

/** Reads the generations of one shard from the shared file system. The content of a generation never changes. */
export class GenerationReader {
  readonly folder: string;
  readonly segments: SegmentFiles;
  protected readonly clock: Clock;
  protected readonly proven: ProvenFiles;
  /** Manifests that were read, by generation name, with the modification time of their file. */
  readonly #manifests = new Map<string, { readonly mtimeMs: number; readonly manifest: Manifest }>();
  #index: { readonly name: string; readonly index: BaseIndex } | undefined;

  /** `path` is the folder of all collections. */
  constructor(path: string, shard: ShardName, clock: Clock, room = "generations") {
    this.folder = join(path, shard, room);
    this.segments = new SegmentFiles(join(path, shard, "segments"));
    this.clock = clock;
    this.proven = new ProvenFiles(clock);
  }

  pathOf(name: string): string {
    return join(this.folder, name);
  }

  /** Retries for 60 s while the file system does not show the file. Throws GenerationCorruptError. */
  manifest(name: string): Promise<Manifest> {
    return this.#reading(name, () => readManifest(this.pathOf(name)));
  }

  /** Resolves to undefined if the generation does not exist any more. Caches manifests by modification time. */
  async manifestIfThere(name: string): Promise<Manifest | undefined> {
    try {
      const { mtimeMs } = await stat(join(this.pathOf(name), manifestFile));
      const known = this.#manifests.get(name);
      if (known?.mtimeMs === mtimeMs) return known.manifest;
      const manifest = await readManifest(this.pathOf(name));
      this.#manifests.set(name, { mtimeMs, manifest });
      const [oldest] = this.#manifests.keys();
      if (this.#manifests.size > maxManifests && oldest !== undefined) this.#manifests.delete(oldest);
      return manifest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Resolves to undefined if the manifest is missing or unreadable. */
  async manifestIfReadable(name: string): Promise<Manifest | undefined> {
    return readManifest(this.pathOf(name)).catch(() => undefined);
  }

  /**
   * Copies the database of a generation, which may be in the folder of an older one, into an empty folder and checks
   * the files against the manifest. Retries for 60 s while the file system does not show them. Resolves to the
   * generation's own manifest. Throws GenerationCorruptError.
   */
  async copyTo(target: string, name: string): Promise<Manifest> {
    const manifest = await this.manifest(name);
    await mkdir(target, { recursive: true });
    if (manifest.database !== null) await this.#copyDatabase(target, await this.databaseOf(manifest));
    return manifest;
  }

  /** The manifest of the generation whose folder contains the database. Throws GenerationCorruptError. */
  async databaseOf(manifest: Manifest): Promise<Manifest> {
    const { name, database } = manifest;
    if (database === name || database === null) return manifest;
    const own = await this.manifest(database);
    if (own.database === database) return own;
    throw new GenerationCorruptError(
      this.pathOf(name),
      `it names ${database} as its database, which has none`,
    );
  }

  /** The entries of a generation's segments, which override its database. Throws GenerationCorruptError. */
  async overlayOf(manifest: Manifest): Promise<Overlay> {
    const segments = await this.#reading(manifest.name, () =>
      Promise.all(manifest.segments.map((stored) => this.segments.read(stored))),
    );
    return overlayOf(segments);
  }

  /** The index of a generation's database; undefined if its manifest names none. Throws GenerationCorruptError. */
  async indexOf(manifest: Manifest): Promise<BaseIndex | undefined> {
    if (manifest.database === null) return new Map();
    if (this.#index?.name === manifest.database) return this.#index.index;
    const { name, index: described } = await this.databaseOf(manifest);
    if (described === undefined) return undefined;
    const file = join(this.pathOf(name), indexFile);
    const index = await this.#reading(name, async () => {
      if ((await sha256Of(file)) !== described.sha256) {
        throw new GenerationCorruptError(this.pathOf(name), `${indexFile} does not match the manifest`);
      }
      return decodeIndex(await readFile(file));
    });
    this.#index = { name, index };
    return index;
  }

  async #copyDatabase(target: string, { name, files }: Manifest): Promise<void> {
    const looks = new Map<string, Awaited<ReturnType<ProvenFiles["look"]>>>();
    await this.#reading(name, async () => {
      for (const { path } of files) {
        const source = join(this.pathOf(name), databaseFolder, path);
        looks.set(path, await this.proven.look(source));
        await copyInto(join(target, path), source);
      }
    });
    const copied = new Map((await describeFiles(target)).map((file) => [file.path, file.sha256]));
    for (const { path, sha256 } of files) {
      if (copied.get(path) !== sha256) {
        throw new GenerationCorruptError(this.pathOf(name), `${path} does not match the manifest`);
      }
      this.proven.note(looks.get(path), sha256);
    }
  }

  /** Whether every byte of its database and segments matches the manifests. */
  async isSound(name: string): Promise<boolean> {
    return this.#all(name, async ({ path, sha256 }) => this.proven.holds(path, sha256));
  }

  /**
   * Whether every file exists with the size in the manifests. Does not read the bytes and does not wait for files to
   * become visible.
   */
  async isWhole(name: string): Promise<boolean> {
    return this.#all(
      name,
      async ({ path, size }) => Number((await this.proven.look(path))?.size ?? -1) === size,
    );
  }

  /** False if a manifest is unreadable. */
  async #all(name: string, passes: (file: ManifestFile) => Promise<boolean>): Promise<boolean> {
    const manifest = await this.manifestIfReadable(name);
    if (manifest === undefined) return false;
    const { database } = manifest;
    const own =
      database === name ? manifest : database === null ? undefined : await this.manifestIfReadable(database);
    if (own === undefined && database !== null) return false;
    const folder = this.pathOf(own?.name ?? name);
    const files = [
      ...(own?.files ?? []).map((file) => ({ ...file, path: join(folder, databaseFolder, file.path) })),
      ...(own?.index ? [{ ...own.index, path: join(folder, indexFile) }] : []),
      ...manifest.segments.map((stored) => ({ ...stored, path: this.segments.pathOf(stored.name) })),
    ];
    return (await Promise.all(files.map(passes))).every(Boolean);
  }

  /** All folders, sorted by name, including those with a temporary name. */
  async list(): Promise<GenerationFolder[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return names.sort().flatMap((folder) => {
      const parsed = parseGenerationName(withoutTemporary(folder));
      return parsed === undefined ? [] : [{ name: folder, token: parsed.token }];
    });
  }

  /** Drops the cached manifest, because a different generation may get this name. */
  protected forget(name: string): void {
    this.#manifests.delete(name);
  }

  async #reading<T>(name: string, read: () => Promise<T>): Promise<T> {
    const began = this.clock.now();
    for (;;) {
      try {
        return await read();
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        const stale = code !== undefined && staleCodes.has(code);
        if (code !== undefined && !stale) throw cause;
        if (!stale || this.clock.now() - began >= maxWaitMs) {
          throw new GenerationCorruptError(this.pathOf(name), message, { cause });
        }
      }
      await this.clock.sleep(retryMs);
    }
  }
}

async function copyInto(target: string, source: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target, constants.COPYFILE_FICLONE);
}
