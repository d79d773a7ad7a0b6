import type { Readable } from "node:stream";
import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";

/** There is no object under the key that a request names. */
export class SourceMissingError extends InputError {
  constructor(key: string) {
    super(
      `There is no object ${JSON.stringify(key)}.`,
      "Upload it to the source bucket and start a new task.",
    );
  }
}

/** The object is no longer the one that was planned. */
export class SourceChangedError extends VectorkeepError {
  constructor(key: string) {
    super(
      `The object ${JSON.stringify(key)} was replaced while its task ran.`,
      "Start a new task, and give each file a key of its own.",
    );
  }
}

export interface OpenObject {
  readonly body: Readable;
  readonly etag: string;
}

/** Where the files of callers are: a bucket, or a folder of this machine. */
export interface SourceStore {
  /** Throws SourceMissingError. */
  open(key: string): Promise<OpenObject>;
  /** Bytes `first` to `last`, both included, of the object with this etag. Throws SourceChangedError, SourceMissingError. */
  readRange(key: string, etag: string, first: number, last: number): Promise<Uint8Array>;
}
