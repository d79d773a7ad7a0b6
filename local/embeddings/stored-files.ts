import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { HurriedClock } from "./hurried-clock.ts";

/** A file as OpenAI's API shows it. Times are epoch seconds. */
export interface StoredFile {
  readonly id: string;
  readonly object: "file";
  readonly bytes: number;
  readonly created_at: number;
  readonly expires_at?: number;
  readonly filename: string;
  readonly purpose: string;
  readonly status: "processed";
}

export interface NewFile {
  readonly filename: string;
  readonly purpose: string;
  readonly expiresAfterSeconds: number | undefined;
}

/** Files in a temporary folder, which is removed at the end. */
export class StoredFiles {
  readonly #folder: string;
  readonly #clock: HurriedClock;
  readonly #files = new Map<string, StoredFile>();

  private constructor(folder: string, clock: HurriedClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  static async open(clock: HurriedClock): Promise<StoredFiles> {
    return new StoredFiles(await mkdtemp(join(tmpdir(), "vectorkeep-files-")), clock);
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  async add(content: Readable, { filename, purpose, expiresAfterSeconds }: NewFile): Promise<StoredFile> {
    const id = `file-${randomBytes(12).toString("hex")}`;
    await pipeline(content, createWriteStream(this.#pathOf(id)));
    const { size } = await stat(this.#pathOf(id));
    const created_at = this.#clock.seconds();
    const file: StoredFile = {
      id,
      object: "file",
      bytes: size,
      created_at,
      ...(expiresAfterSeconds !== undefined && { expires_at: created_at + expiresAfterSeconds }),
      filename,
      purpose,
      status: "processed",
    };
    this.#files.set(id, file);
    return file;
  }

  /** Undefined if there is none, or it has expired. */
  get(id: string): StoredFile | undefined {
    const file = this.#files.get(id);
    return file && (file.expires_at ?? Number.POSITIVE_INFINITY) > this.#clock.seconds() ? file : undefined;
  }

  content({ id }: StoredFile): Readable {
    return createReadStream(this.#pathOf(id));
  }

  async remove({ id }: StoredFile): Promise<void> {
    this.#files.delete(id);
    await rm(this.#pathOf(id), { force: true });
  }

  /** Newest first. */
  all(): StoredFile[] {
    return [...this.#files.keys()].reverse().flatMap((id) => this.get(id) ?? []);
  }

  #pathOf(id: string): string {
    return join(this.#folder, id);
  }
}
