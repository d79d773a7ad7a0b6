import { constants } from "node:fs";
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ShardName } from "../../../contract/collections.ts";
import type { DocumentRef } from "../../documents/documents.ts";
import type { Clock } from "../../resilience/clock.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { type BaseIndex, decodeIndex, encodeIndex } from "../segments/base-index.ts";
import { type Overlay, overlayOf } from "../segments/overlay.ts";
import { SegmentFiles } from "../segments/segment-files.ts";
import {
  databaseFolder,
  describeFiles,
  indexFile,
  type Manifest,
  type ManifestFile,
  manifestFile,
  manifestText,
  namedDocuments,
  readManifest,
  type SegmentRef,
  sha256Of,
} from "./manifest.ts";
import { ProvenFiles } from "./proven-files.ts";

/** A published generation is not there as it was published. */
export class GenerationCorruptError extends VectorkeepError {
  constructor(folder: string, what: string, options?: ErrorOptions) {
    super(
      `The generation in ${folder} is corrupt: ${what}.`,
      "Restore the folder from a backup, or point the collection's head at an older generation.",
      options,
    );
  }
}

const temporary = ".tmp-";
/** Written beside a superseded generation's manifest; its time is when this was first seen. */
const supersededFile = "superseded";
/** NFS caches directories, so a folder just renamed may be missing for some seconds. */
const maxWaitMs = 60_000;
const retryMs = 500;
/** At a publish every five seconds, those of the last 15 minutes and a few more. */
const maxManifests = 300;
/** A directory entry that is not there, or a handle of one that was replaced. */
const staleCodes = new Set(["ENOENT", "ESTALE"]);
/** The file system has no room for one more link (EFS: 177 a file), or knows none. */
const noLinkCodes = new Set(["EMLINK", "EXDEV", "EPERM", "ENOTSUP"]);

export interface NewGeneration {
  readonly name: string;
  readonly base: string | null;
  /** The older generation whose database is the source. @default none, the source is new */
  readonly restored?: string;
  /** Made from the deltas, so that it shares no file with any other. @default made from its base */
  readonly rebuilt?: true;
  readonly model: string;
  readonly dimensions: number;
  /** Of the database and the segments above it. */
  readonly count: number;
  /** Those in which it may differ from its base: it brings them up to date, or puts them back. */
  readonly documents: readonly DocumentRef[];
}

export interface NewDatabase extends NewGeneration {
  /** What the database holds of each document. @default not known */
  readonly index?: BaseIndex | undefined;
  /** What is not in the database, oldest first. @default nothing */
  readonly segments?: readonly SegmentRef[];
  /** Vectors of the database alone. @default `count` */
  readonly databaseCount?: number;
}

export interface NewOverlay extends NewGeneration {
  /** The generation whose folder has the database; null for an empty one. */
  readonly database: string | null;
  readonly databaseCount: number;
  /** Oldest first. */
  readonly segments: readonly SegmentRef[];
}

export interface Written {
  readonly manifest: Manifest;
  /** Of the database and its index. */
  readonly bytesWritten: number;
  /** Files of the base that are not what its manifest says; they were copied from the source instead. */
  readonly mismatched: readonly string[];
}

export interface GenerationFolder {
  readonly name: string;
  /** Of the lease that wrote it. */
  readonly token: number;
}

/** The generations of one shard on the shared file system. What a generation holds never changes. */
export class Generations {
  readonly folder: string;
  readonly segments: SegmentFiles;
  readonly #clock: Clock;
  readonly #proven: ProvenFiles;
  readonly #superseded = new Set<string>();
  /** Manifests that were read, by name, with the time of their file. */
  readonly #manifests = new Map<string, { readonly mtimeMs: number; readonly manifest: Manifest }>();
  #index: { readonly name: string; readonly index: BaseIndex } | undefined;

  /** `path` is the folder of all collections. */
  constructor(path: string, shard: ShardName, clock: Clock, room = "generations") {
    this.folder = join(path, shard, room);
    this.segments = new SegmentFiles(join(path, shard, "segments"));
    this.#clock = clock;
    this.#proven = new ProvenFiles(clock);
  }

  /** What a rebuild stores before it is done, apart from what a head may name. */
  get checkpoints(): Generations {
    const shard = dirname(this.folder);
    return new Generations(dirname(shard), basename(shard) as ShardName, this.#clock, "rebuild");
  }

  pathOf(name: string): string {
    return join(this.folder, name);
  }

  /** Tries again for 60 s while the file system does not show it. Throws GenerationCorruptError. */
  manifest(name: string): Promise<Manifest> {
    return this.#reading(name, () => readManifest(this.pathOf(name)));
  }

  /** Undefined where there is no such generation any more. One that this process has read is not read again. */
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

  /** Undefined where there is none, or none that can be read. */
  async manifestIfReadable(name: string): Promise<Manifest | undefined> {
    return readManifest(this.pathOf(name)).catch(() => undefined);
  }

  /**
   * Copies the database of a generation, which may be in the folder of an older one, into an empty folder. Its files are
   * then checked against its manifest. Tries again for 60 s while the file system does not show it.
   * Resolves to the manifest of the generation itself. Throws GenerationCorruptError.
   */
  async copyTo(target: string, name: string): Promise<Manifest> {
    const manifest = await this.manifest(name);
    await mkdir(target, { recursive: true });
    if (manifest.database !== null) await this.#copyDatabase(target, await this.databaseOf(manifest));
    return manifest;
  }

  /** The manifest of the generation in whose folder the database is. Throws GenerationCorruptError. */
  async databaseOf(manifest: Manifest): Promise<Manifest> {
    const { name, database } = manifest;
    if (database === name || database === null) return manifest;
    const own = await this.manifest(database);
    if (own.database === database) return own;
    throw new GenerationCorruptError(this.pathOf(name), `${database}, whose database it names, has none`);
  }

  /** What the segments of a generation say, over its database. Throws GenerationCorruptError. */
  async overlayOf(manifest: Manifest): Promise<Overlay> {
    const segments = await this.#reading(manifest.name, () =>
      Promise.all(manifest.segments.map((stored) => this.segments.read(stored))),
    );
    return overlayOf(segments);
  }

  /** What the database of a generation holds of each document; undefined where its manifest names no index. */
  async indexOf(manifest: Manifest): Promise<BaseIndex | undefined> {
    if (manifest.database === null) return new Map();
    if (this.#index?.name === manifest.database) return this.#index.index;
    const { name, index: described } = await this.databaseOf(manifest);
    if (described === undefined) return undefined;
    const file = join(this.pathOf(name), indexFile);
    const index = await this.#reading(name, async () => {
      if ((await sha256Of(file)) !== described.sha256) {
        throw new GenerationCorruptError(this.pathOf(name), `${indexFile} is not what the manifest says`);
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
        looks.set(path, await this.#proven.look(source));
        await copyInto(join(target, path), source);
      }
    });
    const copied = new Map((await describeFiles(target)).map((file) => [file.path, file.sha256]));
    for (const { path, sha256 } of files) {
      if (copied.get(path) !== sha256) {
        throw new GenerationCorruptError(this.pathOf(name), `${path} is not what the manifest says`);
      }
      this.#proven.note(looks.get(path), sha256);
    }
  }

  /**
   * Writes a closed database as a generation, which is durable and complete under its final name when this resolves.
   * Files that equal those of the base, or of the restored generation, are hard-linked after their bytes are verified:
   * a link to a corrupt file would keep it corrupt. A crash before the end leaves a temporary folder.
   */
  async write(source: string, generation: NewDatabase): Promise<Written> {
    const unfinished = join(this.folder, `${temporary}${generation.name}`);
    const database = join(unfinished, databaseFolder);
    const files = await describeFiles(source);
    await mkdir(this.folder, { recursive: true });
    await makeFolders([unfinished, ...foldersOf(database, files)]);
    const linkable = await this.#linkableFiles(generation);
    const mismatched: string[] = [];
    let bytesWritten = 0;
    for (const { path, size, sha256 } of files) {
      const target = join(database, path);
      const own = join(source, path);
      const equal = linkable.get(`${path}\n${sha256}`);
      // The source's own bytes were just read.
      const isProven = equal === own || (equal !== undefined && (await this.#proven.holds(equal, sha256)));
      if (equal !== undefined && !isProven) mismatched.push(equal);
      if (equal === undefined || !isProven || !(await linkInto(target, equal))) {
        await copyFile(own, target, constants.COPYFILE_FICLONE);
        await sync(target);
        this.#proven.note(await this.#proven.look(target), sha256);
        bytesWritten += size;
      }
    }
    const { documents, index, segments = [], databaseCount = generation.count, ...made } = generation;
    const indexed = index && (await writeIndex(join(unfinished, indexFile), index));
    bytesWritten += indexed?.size ?? 0;
    const text = manifestText({
      ...made,
      ...namedDocuments(documents),
      files,
      ...(indexed && { index: indexed }),
      database: generation.name,
      database_count: databaseCount,
      segments: [...segments],
    });
    await this.#finish(generation.name, text, foldersOf(database, files));
    return { manifest: await readManifest(this.pathOf(generation.name)), bytesWritten, mismatched };
  }

  /**
   * Makes a generation of segments over a database that is there: durable and complete under its final name when it
   * resolves. Resolves to the bytes that it took.
   */
  async writeOverlay(generation: NewOverlay): Promise<number> {
    const { documents, databaseCount, segments, ...made } = generation;
    await mkdir(this.folder, { recursive: true });
    await mkdir(join(this.folder, `${temporary}${generation.name}`));
    const text = manifestText({
      ...made,
      ...namedDocuments(documents),
      files: [],
      database_count: databaseCount,
      segments: [...segments],
    });
    return this.#finish(generation.name, text, []);
  }

  /** Writes the manifest last, and renames the folder. */
  async #finish(name: string, text: string, folders: readonly string[]): Promise<number> {
    const unfinished = join(this.folder, `${temporary}${name}`);
    const manifestPath = join(unfinished, manifestFile);
    await writeFile(manifestPath, text);
    await sync(manifestPath);
    for (const folder of [...folders, unfinished]) await sync(folder);
    await rename(unfinished, this.pathOf(name));
    await sync(this.folder);
    return Buffer.byteLength(text);
  }

  /**
   * Milliseconds since a file of a generation was written, both moments as the shared file system sees them. Undefined
   * where it is not there.
   */
  async ageOf(name: string, file: string): Promise<number | undefined> {
    const clockFile = join(this.folder, ".clock");
    const then = await this.#proven.look(join(this.pathOf(name), file));
    if (then === undefined) return undefined;
    await writeFile(clockFile, String(this.#clock.now()));
    return (await stat(clockFile)).mtimeMs - Number(then.mtimeMs);
  }

  /** Notes that a generation was followed by another one, from now on if that was not noted. A missing one is skipped. */
  async markSuperseded(name: string): Promise<void> {
    if (this.#superseded.has(name)) return;
    await writeFile(join(this.pathOf(name), supersededFile), "", { flag: "wx" }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
      },
    );
    this.#superseded.add(name);
  }

  /** Milliseconds since it was noted that a generation was superseded. */
  supersededFor(name: string): Promise<number | undefined> {
    return this.ageOf(name, supersededFile);
  }

  /** Whether every byte of its database and segments is what the manifests say. */
  async isSound(name: string): Promise<boolean> {
    return this.#all(name, async ({ path, sha256 }) => this.#proven.holds(path, sha256));
  }

  /** Whether every file is there with the size that the manifests say. Its bytes are not read, and it is not waited for. */
  async isWhole(name: string): Promise<boolean> {
    return this.#all(
      name,
      async ({ path, size }) => Number((await this.#proven.look(path))?.size ?? -1) === size,
    );
  }

  /** False where a manifest is not readable. */
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

  /** All folders, by generation and token; those under a temporary name too. */
  async list(): Promise<GenerationFolder[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return names.sort().flatMap((folder) => {
      const token = /^(?:\.tmp-)*\d{8,}-(\d+)$/.exec(folder)?.[1];
      return token === undefined ? [] : [{ name: folder, token: Number(token) }];
    });
  }

  /**
   * Goes under another name first, so that no half of it is ever taken for a generation, and a writer that goes on after
   * it lost its lease finds its folder gone. The other writer of the shard may have removed it a moment ago.
   */
  async remove(name: string): Promise<void> {
    this.#manifests.delete(name);
    const leaving = `${temporary}${name}`;
    await rename(this.pathOf(name), this.pathOf(leaving)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rm(this.pathOf(leaving), { recursive: true, force: true });
  }

  /** None where there is nothing to link to: then every byte is copied, as the source has all of them. */
  async #linkableFiles({ base, restored, rebuilt }: NewGeneration): Promise<Map<string, string>> {
    const name = rebuilt ? null : (restored ?? base);
    const manifest = name === null ? undefined : await this.manifestIfReadable(name);
    const own = manifest && (await this.databaseOf(manifest).catch(() => undefined));
    if (own === undefined) return new Map();
    const folder = join(this.pathOf(own.name), databaseFolder);
    return new Map(own.files.map(({ path, sha256 }) => [`${path}\n${sha256}`, join(folder, path)]));
  }

  async #reading<T>(name: string, read: () => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    for (;;) {
      try {
        return await read();
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        const stale = code !== undefined && staleCodes.has(code);
        if (code !== undefined && !stale) throw cause;
        if (!stale || this.#clock.now() - began >= maxWaitMs) {
          throw new GenerationCorruptError(this.pathOf(name), message, { cause });
        }
      }
      await this.#clock.sleep(retryMs);
    }
  }
}

/** Those that the files are in, each after the one that it is in. */
function foldersOf(root: string, files: readonly ManifestFile[]): string[] {
  const folders = new Set([root]);
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1);
    for (const [depth] of parts.entries()) folders.add(join(root, ...parts.slice(0, depth + 1)));
  }
  return [...folders];
}

/** One by one, not recursively: another holder may have removed the parent, which must not be created again. */
async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(folder);
}

async function writeIndex(path: string, index: BaseIndex): Promise<{ size: number; sha256: string }> {
  await writeFile(path, encodeIndex(index));
  await sync(path);
  return { size: (await stat(path)).size, sha256: await sha256Of(path) };
}

/** False where the file system refuses the link. */
async function linkInto(target: string, existing: string): Promise<boolean> {
  try {
    await link(existing, target);
    return true;
  } catch (error) {
    if (noLinkCodes.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

async function copyInto(target: string, source: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target, constants.COPYFILE_FICLONE);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
