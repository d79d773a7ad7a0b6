import type { Readable } from "node:stream";
import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";

/** A request names an object that does not exist. */
export class SourceMissingError extends InputError {
  constructor(key: string) {
    super(
      `There is no object ${JSON.stringify(key)}.`,
      "Upload it to the source bucket and start a new task.",
    );
  }
}

/** The object has changed since it was planned. */
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

/** The store of callers' files: a bucket, or a local folder. */
export interface SourceStore {
  /** Throws SourceMissingError. */
  open(key: string): Promise<OpenObject>;
  /**
   * Bytes `first` to `last`, both included, of the object with this etag. Throws SourceChangedError and
   * SourceMissingError.
   */
  readRange(key: string, etag: string, first: number, last: number): Promise<Uint8Array>;
}
