import { constants } from "node:fs";
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ShardName } from "../../../contract/collections.ts";
import type { DocumentRef } from "../../documents/documents.ts";
import { type BaseIndex, encodeIndex } from "../segments/base-index.ts";
import { foldersOf, linkInto, makeFolders, sync } from "./durable-files.ts";
import { temporaryName } from "./generation-name.ts";
import { GenerationReader } from "./generation-reader.ts";
import {
  databaseFolder,
  describeFiles,
  indexFile,
  type Manifest,
  manifestFile,
  manifestText,
  namedDocuments,
  readManifest,
  type SegmentRef,
  sha256Of,
} from "./manifest.ts";

/** A file beside the manifest of a superseded generation; its modification time is when this was first noted. */
const supersededFile = "superseded";

export interface NewGeneration {
  readonly name: string;
  readonly base: string | null;
  /** The older generation whose database is the source. @default none: the source is new */
  readonly restored?: string;
  /**
   * Set if it was built from the deltas alone; it then shares no files with other generations.
   * @default built from its base
   */
  readonly rebuilt?: true;
  readonly model: string;
  readonly dimensions: number;
  /** Vectors of the generation: its database with the segments applied. */
  readonly count: number;
  /** Documents in which it may differ from its base, because it updates or restores them. */
  readonly documents: readonly DocumentRef[];
}

export interface NewDatabase extends NewGeneration {
  /** What the database contains of each document. @default unknown */
  readonly index?: BaseIndex | undefined;
  /** Segments above the database, oldest first. @default none */
  readonly segments?: readonly SegmentRef[];
  /** Vectors of the database alone. @default `count` */
  readonly databaseCount?: number;
}

export interface NewOverlay extends NewGeneration {
  /** The generation whose folder contains the database; null for an empty one. */
  readonly database: string | null;
  readonly databaseCount: number;
  /** Oldest first. */
  readonly segments: readonly SegmentRef[];
}

export interface Written {
  readonly manifest: Manifest;
  /** Bytes of the database and its index. */
  readonly bytesWritten: number;
  /** Files of the base that do not match its manifest; they were copied from the source instead. */
  readonly mismatched: readonly string[];
}

/** Reads, writes and removes the generations of one shard. Only lease holders may write. */
export class Generations extends GenerationReader {
  readonly #superseded = new Set<string>();

  /** The checkpoints of unfinished rebuilds, in a folder of their own that no head refers to. */
  get checkpoints(): Generations {
    const shard = dirname(this.folder);
    return new Generations(dirname(shard), basename(shard) as ShardName, this.clock, "rebuild");
  }

  /**
   * Writes a closed database as a generation. When this resolves, the generation is durable and complete under its
   * final name; a crash before that leaves a temporary folder. Files equal to those of the base, or of the restored
   * generation, become hard links after their bytes are verified: a link to a corrupt file would preserve the
   * corruption.
   */
  async write(source: string, generation: NewDatabase): Promise<Written> {
    const unfinished = join(this.folder, temporaryName(generation.name));
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
      const isProven = equal === own || (equal !== undefined && (await this.proven.holds(equal, sha256)));
      if (equal !== undefined && !isProven) mismatched.push(equal);
      if (equal === undefined || !isProven || !(await linkInto(target, equal))) {
        await copyFile(own, target, constants.COPYFILE_FICLONE);
        await sync(target);
        this.proven.note(await this.proven.look(target), sha256);
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
   * Writes a generation that consists of segments above an existing database. When this resolves, it is durable and
   * complete under its final name. Resolves to the number of bytes written.
   */
  async writeOverlay(generation: NewOverlay): Promise<number> {
    const { documents, databaseCount, segments, ...made } = generation;
    await mkdir(this.folder, { recursive: true });
    await mkdir(join(this.folder, temporaryName(generation.name)));
    const text = manifestText({
      ...made,
      ...namedDocuments(documents),
      files: [],
      database_count: databaseCount,
      segments: [...segments],
    });
    return this.#finish(generation.name, text, []);
  }

  /** Writes the manifest last, and then renames the folder. */
  async #finish(name: string, text: string, folders: readonly string[]): Promise<number> {
    const unfinished = join(this.folder, temporaryName(name));
    const manifestPath = join(unfinished, manifestFile);
    await writeFile(manifestPath, text);
    await sync(manifestPath);
    for (const folder of [...folders, unfinished]) await sync(folder);
    await rename(unfinished, this.pathOf(name));
    await sync(this.folder);
    return Buffer.byteLength(text);
  }

  /**
   * Milliseconds since a file of a generation was written, with both times taken from the shared file system. Resolves
   * to undefined if the file does not exist.
   */
  async ageOf(name: string, file: string): Promise<number | undefined> {
    const clockFile = join(this.folder, ".clock");
    const then = await this.proven.look(join(this.pathOf(name), file));
    if (then === undefined) return undefined;
    await writeFile(clockFile, String(this.clock.now()));
    return (await stat(clockFile)).mtimeMs - Number(then.mtimeMs);
  }

  /**
   * Records the time at which a generation was superseded, unless it is recorded already. Ignores a missing generation.
   */
  async markSuperseded(name: string): Promise<void> {
    if (this.#superseded.has(name)) return;
    await writeFile(join(this.pathOf(name), supersededFile), "", { flag: "wx" }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
      },
    );
    this.#superseded.add(name);
  }

  /** Milliseconds since the generation was recorded as superseded; undefined if it was not. */
  supersededFor(name: string): Promise<number | undefined> {
    return this.ageOf(name, supersededFile);
  }

  /**
   * Renames the folder first, so that a partly removed one is never taken for a generation, and so that a writer that
   * continues after losing its lease fails. The shard's other writer may have removed the folder already.
   */
  async remove(name: string): Promise<void> {
    this.forget(name);
    const leaving = temporaryName(name);
    await rename(this.pathOf(name), this.pathOf(leaving)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rm(this.pathOf(leaving), { recursive: true, force: true });
  }

  /** Empty if there is nothing to link to; all bytes are then copied from the source. */
  async #linkableFiles({ base, restored, rebuilt }: NewGeneration): Promise<Map<string, string>> {
    const name = rebuilt ? null : (restored ?? base);
    const manifest = name === null ? undefined : await this.manifestIfReadable(name);
    const own = manifest && (await this.databaseOf(manifest).catch(() => undefined));
    if (own === undefined) return new Map();
    const folder = join(this.pathOf(own.name), databaseFolder);
    return new Map(own.files.map(({ path, sha256 }) => [`${path}\n${sha256}`, join(folder, path)]));
  }
}

async function writeIndex(path: string, index: BaseIndex): Promise<{ size: number; sha256: string }> {
  await writeFile(path, encodeIndex(index));
  await sync(path);
  return { size: (await stat(path)).size, sha256: await sha256Of(path) };
}
