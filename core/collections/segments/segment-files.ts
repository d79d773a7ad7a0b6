import { hash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SegmentEntry } from "./entry.ts";
import { RowFileCorruptError } from "./row-file.ts";
import { decodeSegment, encodeSegment } from "./segment-file.ts";

const extension = ".vks";
const temporary = ".tmp-";
const pattern = /^(?:\.tmp-)?(\d{8,}-(\d+))\.vks$/;
/** A manifest names at most 16 segments, and earlier generations have named others. */
const maxRemembered = 64;

/** A segment as a manifest names it. */
export interface StoredSegment {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly entries: number;
}

export interface SegmentFileName {
  readonly file: string;
  /** Undefined for an unfinished file. */
  readonly name: string | undefined;
  /** Token of the lease under which it was written. */
  readonly token: number;
}

/** The segments of one shard on the shared file system. Segments are immutable. */
export class SegmentFiles {
  readonly folder: string;
  readonly #remembered = new Map<string, readonly SegmentEntry[]>();

  constructor(folder: string) {
    this.folder = folder;
  }

  pathOf(name: string): string {
    return join(this.folder, `${name}${extension}`);
  }

  /**
   * When this resolves, the file is durable and complete under its final name. A crash before that leaves a file with a
   * temporary name.
   */
  async write(name: string, entries: readonly SegmentEntry[]): Promise<StoredSegment> {
    const bytes = encodeSegment(entries);
    const unfinished = join(this.folder, `${temporary}${name}${extension}`);
    await mkdir(this.folder, { recursive: true });
    const file = await open(unfinished, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, this.pathOf(name));
    const folder = await open(this.folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    const stored = { name, size: bytes.length, sha256: hash("sha256", bytes), entries: entries.length };
    this.#remember(stored, entries);
    return stored;
  }

  /** Throws the file system's error, or RowFileCorruptError. */
  async read(stored: StoredSegment): Promise<readonly SegmentEntry[]> {
    const known = this.#remembered.get(stored.sha256);
    if (known) return known;
    const bytes = await readFile(this.pathOf(stored.name));
    if (hash("sha256", bytes) !== stored.sha256) {
      throw new RowFileCorruptError(`segment ${stored.name} does not match the manifest`);
    }
    const entries = decodeSegment(bytes);
    this.#remember(stored, entries);
    return entries;
  }

  async list(): Promise<SegmentFileName[]> {
    const files = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return files.flatMap((file) => {
      const [, name, token] = pattern.exec(file) ?? [];
      if (token === undefined) return [];
      return [{ file, name: file.startsWith(temporary) ? undefined : name, token: Number(token) }];
    });
  }

  async remove({ file }: SegmentFileName): Promise<void> {
    await rm(join(this.folder, file), { force: true });
  }

  /** Size in bytes; undefined if the file does not exist. */
  async sizeOf(name: string): Promise<number | undefined> {
    try {
      return (await stat(this.pathOf(name))).size;
    } catch (error) {
      if (["ENOENT", "ESTALE"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  #remember({ sha256 }: StoredSegment, entries: readonly SegmentEntry[]): void {
    this.#remembered.set(sha256, entries);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > maxRemembered && oldest !== undefined) this.#remembered.delete(oldest);
  }
}
