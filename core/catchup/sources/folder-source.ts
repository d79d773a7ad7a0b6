import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { type OpenObject, SourceChangedError, SourceMissingError, type SourceStore } from "./source-store.ts";

/** Reported as missing, because callers must not learn which files exist outside the folder. */
const missingCodes = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "EACCES",
  "ENAMETOOLONG",
  "ERR_INVALID_ARG_VALUE",
]);

/** Files in a local folder. A key is a path relative to it; neither `..` nor a link can lead outside. */
export class FolderSource implements SourceStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async open(key: string): Promise<OpenObject> {
    const { file, etag } = await this.#openFile(key);
    return { etag, body: file.createReadStream() };
  }

  async readRange(key: string, etag: string, first: number, last: number): Promise<Uint8Array> {
    const { file } = await this.#openFile(key);
    try {
      const bytes = Buffer.alloc(last - first + 1);
      let filled = 0;
      for (let more = true; more && filled < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, first + filled);
        filled += bytesRead;
        more = bytesRead > 0;
      }
      // Checked after the read, so that a concurrent change is noticed.
      if ((await etagOf(file, key)) !== etag) throw new SourceChangedError(key);
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  }

  /** Throws SourceMissingError. */
  async #openFile(key: string): Promise<{ readonly file: FileHandle; readonly etag: string }> {
    try {
      const path = await realpath(join(this.#root, key));
      const inside = relative(await realpath(this.#root), path);
      if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
        throw new SourceMissingError(key);
      // The path has no links any more, so a link found now was created since. O_NONBLOCK, because opening a pipe would
      // block.
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      return { file, etag: await etagOf(file, key) };
    } catch (error) {
      if (missingCodes.has((error as NodeJS.ErrnoException).code ?? "")) throw new SourceMissingError(key);
      throw error;
    }
  }
}

/** Throws SourceMissingError and closes the handle if it is not a regular file. */
async function etagOf(file: FileHandle, key: string): Promise<string> {
  const found = await file.stat({ bigint: true });
  if (!found.isFile()) {
    await file.close();
    throw new SourceMissingError(key);
  }
  return `"${found.size}-${found.mtimeNs}-${found.ino}"`;
}
