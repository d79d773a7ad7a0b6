import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeltaStore } from "../../core/deltas/delta-store.ts";

/** Deltas as files of a folder, on the disk when `put` resolves. */
export class FolderDeltaStore implements DeltaStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await writeFile(this.#file(key), bytes, { flush: true });
  }

  get(key: string): Promise<Uint8Array> {
    return readFile(this.#file(key));
  }

  async has(key: string): Promise<boolean> {
    return existsSync(this.#file(key));
  }

  #file(key: string): string {
    return join(this.folder, encodeURIComponent(key));
  }
}
