import { constants } from "node:fs";
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ReceiptRef } from "../../receipts/receipt.ts";
import type { ShardName } from "../../receipts/shards.ts";
import type { Clock } from "../../resilience/clock.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import {
  databaseFolder,
  describeFiles,
  type Manifest,
  type ManifestFile,
  manifestFile,
  readManifest,
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
/** NFS caches directories, so a folder just renamed may be missing for some seconds. */
const maxWaitMs = 60_000;
const retryMs = 500;
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
  readonly count: number;
  /** Those in which it may differ from its base: it brings them up to date, or puts them back. */
  readonly receipts: readonly ReceiptRef[];
}

export interface Written {
  readonly manifest: Manifest;
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
  readonly #clock: Clock;
  readonly #proven: ProvenFiles;

  /** `path` is the folder of all collections. */
  constructor(path: string, shard: ShardName, clock: Clock, room = "generations") {
    this.folder = join(path, shard, room);
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

  /** Undefined where there is no such generation any more. */
  async manifestIfThere(name: string): Promise<Manifest | undefined> {
    try {
      return await readManifest(this.pathOf(name));
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
   * Copies the database of a generation into an empty folder, whose files are then checked against the manifest.
   * Tries again for 60 s while the file system does not show it. Throws GenerationCorruptError.
   */
  async copyTo(target: string, name: string): Promise<Manifest> {
    const manifest = await this.manifest(name);
    const looks = new Map<string, Awaited<ReturnType<ProvenFiles["look"]>>>();
    await this.#reading(name, async () => {
      await mkdir(target, { recursive: true });
      for (const { path } of manifest.files) {
        const source = join(this.pathOf(name), databaseFolder, path);
        looks.set(path, await this.#proven.look(source));
        await copyInto(join(target, path), source);
      }
    });
    const copied = new Map((await describeFiles(target)).map((file) => [file.path, file.sha256]));
    for (const { path, sha256 } of manifest.files) {
      if (copied.get(path) !== sha256) {
        throw new GenerationCorruptError(this.pathOf(name), `${path} is not what the manifest says`);
      }
      this.#proven.note(looks.get(path), sha256);
    }
    return manifest;
  }

  /**
   * Writes a closed database as a generation, which is durable and complete under its final name when this resolves.
   * Files that equal those of the base, or of the restored generation, are hard-linked after their bytes are verified:
   * a link to a corrupt file would keep it corrupt. A crash before the end leaves a temporary folder.
   */
  async write(source: string, generation: NewGeneration): Promise<Written> {
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
    const receipts = generation.receipts.map(({ imageId, receiptId }) => ({
      image_id: imageId,
      receipt_id: receiptId,
    }));
    const manifest: Manifest = { format: "vectorkeep-generation/1", ...generation, receipts, files };
    const manifestPath = join(unfinished, manifestFile);
    await writeFile(manifestPath, JSON.stringify(manifest, undefined, 2));
    await sync(manifestPath);
    for (const folder of [...foldersOf(database, files), unfinished]) await sync(folder);
    await rename(unfinished, this.pathOf(generation.name));
    await sync(this.folder);
    return { manifest, bytesWritten, mismatched };
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

  /** Whether every byte is what the manifest says. */
  async isSound(name: string): Promise<boolean> {
    const manifest = await this.manifestIfReadable(name);
    if (manifest === undefined) return false;
    const folder = join(this.pathOf(name), databaseFolder);
    const holds = manifest.files.map(({ path, sha256 }) => this.#proven.holds(join(folder, path), sha256));
    return (await Promise.all(holds)).every(Boolean);
  }

  /** Whether every file is there with the size that the manifest says. Its bytes are not read, and it is not waited for. */
  async isWhole(name: string): Promise<boolean> {
    const manifest = await this.manifestIfReadable(name);
    if (manifest === undefined) return false;
    const folder = join(this.pathOf(name), databaseFolder);
    const stats = await Promise.all(manifest.files.map(({ path }) => this.#proven.look(join(folder, path))));
    return manifest.files.every(({ size }, position) => Number(stats[position]?.size ?? -1) === size);
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
   * it lost its lease finds its folder gone.
   */
  async remove(name: string): Promise<void> {
    const leaving = `${temporary}${name}`;
    await rename(this.pathOf(name), this.pathOf(leaving));
    await rm(this.pathOf(leaving), { recursive: true, force: true });
  }

  /** None where there is nothing to link to: then every byte is copied, as the source has all of them. */
  async #linkableFiles({ base, restored, rebuilt }: NewGeneration): Promise<Map<string, string>> {
    const name = rebuilt ? null : (restored ?? base);
    const manifest = name === null ? undefined : await this.manifestIfReadable(name);
    if (name === null || manifest === undefined) return new Map();
    const folder = join(this.pathOf(name), databaseFolder);
    return new Map(manifest.files.map(({ path, sha256 }) => [`${path}\n${sha256}`, join(folder, path)]));
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
