import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";

export type DigestAlgorithm = "MD5" | "CRC32" | "SHA1" | "SHA256";

/** The digests of a body that were computed already. */
export type Digests = Partial<Readonly<Record<DigestAlgorithm, Uint8Array>>>;

/** The algorithms of those checksums that Node has, which may come with an upload. */
export const checksumAlgorithms = ["CRC32", "SHA1", "SHA256"] as const;

/** A fraction of a millisecond's work. */
const bytesPerTurn = 128 * 1024;

let lastLarge: Promise<void> = Promise.resolve();

/**
 * The digest of a body. Large bodies are hashed one at a time, one slice per turn of the event loop: another request waits
 * for a slice, and not for every object that is being uploaded.
 */
export async function digestOf(body: Buffer, algorithm: DigestAlgorithm): Promise<Buffer> {
  const digest = algorithm === "CRC32" ? new Crc32() : createHash(algorithm);
  if (body.length <= bytesPerTurn) return digest.update(body).digest();
  const inTurns = lastLarge.then(async () => {
    for (let at = 0; at < body.length; at += bytesPerTurn) {
      await nextTurn();
      digest.update(body.subarray(at, at + bytesPerTurn));
    }
  });
  lastLarge = inTurns;
  await inTurns;
  return digest.digest();
}

/** zlib's CRC-32 with the interface of a Hash. */
class Crc32 {
  #value = 0;

  update(bytes: Buffer): this {
    this.#value = crc32(bytes, this.#value);
    return this;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(this.#value);
    return digest;
  }
}
