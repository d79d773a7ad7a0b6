/** An object was written or deleted. */
export type ObjectChange =
  | {
      readonly kind: "created";
      readonly bucket: string;
      readonly key: string;
      readonly size: number;
      readonly etag: string;
      readonly sequencer: string;
    }
  | { readonly kind: "deleted"; readonly bucket: string; readonly key: string; readonly sequencer: string };

/** Called in the turn of the write. */
export type OnObjectChange = (change: ObjectChange) => void;

/**
 * Orders the changes of a key. As those of S3, sequencers are hexadecimal and differ in length: to be compared, they are
 * padded with zeros on the right.
 */
export class Sequencers {
  #last = 0n;

  next(): string {
    const microseconds = BigInt(Date.now()) * 1_000n;
    this.#last = microseconds > this.#last ? microseconds : this.#last + 1n;
    const extension = "0A1F".slice(0, Number(this.#last % 5n));
    return `00${this.#last.toString(16).toUpperCase()}${extension}`;
  }
}
