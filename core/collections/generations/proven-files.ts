import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Clock } from "../../resilience/clock.ts";
import { sha256Of } from "./manifest.ts";

/**
 * A file with unchanged size and modification time is still read again after this time, because failing hardware
 * changes bytes without changing either.
 */
const provenForMs = 3_600_000;
/** A generation has about ten files. */
const maxProofs = 1_000;

interface Proof {
  readonly sha256: string;
  readonly size: bigint;
  readonly modifiedNs: bigint;
  readonly provenAt: number;
}

/**
 * Remembers which files of the shared file system this process has read or written, with their hash. A hard link shares
 * its bytes, so a corrupt file must not be linked. Reading the whole base at every publish would make the cost
 * proportional to all data instead of to the changes, so a verification is valid for an hour while size and
 * modification time are unchanged.
 */
export class ProvenFiles {
  readonly #clock: Clock;
  readonly #byInode = new Map<string, Proof>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The state of a file before its bytes are read; undefined if it does not exist. */
  async look(path: string): Promise<BigIntStats | undefined> {
    try {
      return await stat(path, { bigint: true });
    } catch (error) {
      if (["ENOENT", "ESTALE"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  /** Records the hash of the bytes that were read after `looked` was taken. */
  note(looked: BigIntStats | undefined, sha256: string): void {
    if (looked === undefined) return;
    const inode = inodeOf(looked);
    // A map keeps insertion order, so the first entry is the oldest proof.
    this.#byInode.delete(inode);
    this.#byInode.set(inode, {
      sha256,
      size: looked.size,
      modifiedNs: looked.mtimeNs,
      provenAt: this.#clock.now(),
    });
    const [oldest] = this.#byInode.keys();
    if (this.#byInode.size > maxProofs && oldest !== undefined) this.#byInode.delete(oldest);
  }

  /** Whether the file has this content now. False if it does not exist. */
  async holds(path: string, sha256: string): Promise<boolean> {
    const looked = await this.look(path);
    if (looked === undefined) return false;
    const proof = this.#byInode.get(inodeOf(looked));
    if (proof && this.#stands(proof, looked)) return proof.sha256 === sha256;
    const found = await sha256Of(path);
    this.note(looked, found);
    return found === sha256;
  }

  #stands({ size, modifiedNs, provenAt }: Proof, looked: BigIntStats): boolean {
    const isFresh = this.#clock.now() - provenAt < provenForMs;
    return isFresh && size === looked.size && modifiedNs === looked.mtimeNs;
  }
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
