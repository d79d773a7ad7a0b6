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

/** Written beside a superseded generation's manifest; its time is when this was first seen. */
const supersededFile = "superseded";

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

/** Reads, writes and removes the generations of one shard: for those who hold its lease. */
export class Generations extends GenerationReader {
  readonly #superseded = new Set<string>();

  /** What a rebuild stores before it is done, apart from what a head may name. */
  get checkpoints(): Generations {
    const shard = dirname(this.folder);
    return new Generations(dirname(shard), basename(shard) as ShardName, this.clock, "rebuild");
  }

  /**
   * Writes a closed database as a generation, which is durable and complete under its final name when this resolves.
   * Files that equal those of the base, or of the restored generation, are hard-linked after their bytes are verified:
   * a link to a corrupt file would keep it corrupt. A crash before the end leaves a temporary folder.
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
   * Makes a generation of segments over a database that is there: durable and complete under its final name when it
   * resolves. Resolves to the bytes that it took.
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

  /** Writes the manifest last, and renames the folder. */
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
   * Milliseconds since a file of a generation was written, both moments as the shared file system sees them. Undefined
   * where it is not there.
   */
  async ageOf(name: string, file: string): Promise<number | undefined> {
    const clockFile = join(this.folder, ".clock");
    const then = await this.proven.look(join(this.pathOf(name), file));
    if (then === undefined) return undefined;
    await writeFile(clockFile, String(this.clock.now()));
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

  /**
   * Goes under another name first, so that no half of it is ever taken for a generation, and a writer that goes on after
   * it lost its lease finds its folder gone. The other writer of the shard may have removed it a moment ago.
   */
  async remove(name: string): Promise<void> {
    this.forget(name);
    const leaving = temporaryName(name);
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
}

async function writeIndex(path: string, index: BaseIndex): Promise<{ size: number; sha256: string }> {
  await writeFile(path, encodeIndex(index));
  await sync(path);
  return { size: (await stat(path)).size, sha256: await sha256Of(path) };
}
