import { createHash, type Hash } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import * as tar from "tar";

/** Numbers barely compress, and the rest of a database compresses at any level. */
const compressionLevel = 1;

/** Passes bytes through, and computes their count and SHA-256. */
export class Measured extends Transform {
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;
  readonly #onBytes: (bytes: number) => void;

  /** `onBytes` receives the number of bytes so far; an error that it throws ends the stream. */
  constructor(onBytes: (bytes: number) => void = () => undefined) {
    super();
    this.#onBytes = onBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the digest of all bytes; call it once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error?: Error | null, data?: Buffer) => void) {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    try {
      this.#onBytes(this.#bytes);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, chunk);
  }
}

/**
 * Stores what the stages produce, as it comes. Waits for both sides even if one fails, because the source may be files that
 * are removed afterwards. Throws the first error.
 */
export async function stored(
  stages: readonly [Readable, ...Transform[]],
  measured: Measured,
  put: (bytes: Readable) => Promise<void>,
): Promise<void> {
  const filling = pipeline([...stages, measured]);
  const putting = put(measured).catch((error: Error) => {
    measured.destroy(error);
    throw error;
  });
  const ended = await Promise.allSettled([putting, filling]);
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

/**
 * Returns the stages that pack the files of a folder into a zstd-compressed tar archive, in one folder with the name
 * `folder`.
 */
export function packed(source: string, paths: readonly string[], folder: string): [Readable, Transform] {
  const pack = tar.create({ cwd: source, prefix: folder, portable: true, noDirRecurse: true }, [...paths]);
  const params = { [constants.ZSTD_c_compressionLevel]: compressionLevel };
  return [Readable.from(pack), createZstdCompress({ params })];
}
