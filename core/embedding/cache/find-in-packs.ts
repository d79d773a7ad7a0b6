import { shortDigestLength } from "./pack.ts";
import type { Pack } from "./pack-index.ts";

/** Where the vector of a text is. */
export interface Hit {
  readonly text: string;
  readonly digest: Buffer;
  readonly pack: Pack;
  readonly position: number;
}

const wordsPerDigest = shortDigestLength / 4;

/**
 * The place of each text in the first pack that has it. One pass over all digests: a hash table of millions would take
 * more memory than they do.
 */
export function findInPacks(packs: readonly Pack[], wanted: ReadonlyMap<string, Buffer>): Hit[] {
  const missing = Map.groupBy(wanted, ([, digest]) => digest.readInt32LE(0));
  const hits: Hit[] = [];
  for (const pack of packs) {
    const words = new Int32Array(pack.digests.buffer, pack.digests.byteOffset, pack.digests.length / 4);
    for (let position = 0; position < pack.shape.count; position += 1) {
      const word = words[position * wordsPerDigest] as number;
      const candidates = missing.get(word);
      if (candidates === undefined) continue;
      const start = position * shortDigestLength;
      const short = pack.digests.subarray(start, start + shortDigestLength);
      const at = candidates.findIndex(
        ([, digest]) => digest.compare(short, 0, shortDigestLength, 0, shortDigestLength) === 0,
      );
      const found = candidates[at];
      if (found === undefined) continue;
      candidates.splice(at, 1);
      if (candidates.length === 0) missing.delete(word);
      const [text, digest] = found;
      hits.push({ text, digest, pack, position });
      if (missing.size === 0) return hits;
    }
  }
  return hits;
}

/** A vector that turned out to be corrupt is not found again, so that the one that is paid for takes its place. */
export function forget({ digests }: Pack, position: number): void {
  digests.fill(0, position * shortDigestLength, (position + 1) * shortDigestLength);
}
