import { createHash, type Hash } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import * as tar from "tar";

/** Numbers barely compress; the rest of a database does at any level. */
const compressionLevel = 1;

/** Passes bytes on, and knows how many there were and their SHA-256. */
export class Measured extends Transform {
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;
  readonly #onBytes: (bytes: number) => void;

  /** `onBytes` is called with the sum so far; what it throws ends the stream. */
  constructor(onBytes: (bytes: number) => void = () => undefined) {
    super();
    this.#onBytes = onBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of what has passed; call it once, at the end. */
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

/** The files of a folder as the stages of a tar archive compressed by zstd, in which they lie in one folder of that name. */
export function packed(source: string, paths: readonly string[], folder: string): [Readable, Transform] {
  const pack = tar.create({ cwd: source, prefix: folder, portable: true, noDirRecurse: true }, [...paths]);
  const params = { [constants.ZSTD_c_compressionLevel]: compressionLevel };
  return [Readable.from(pack), createZstdCompress({ params })];
}
