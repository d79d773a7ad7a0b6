import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { VectorkeepError } from "../vectorkeep-error.ts";
import { type DeltaName, deltaOfKey, deltasFolder } from "./keys.ts";

/** A delta in the bucket. */
export interface DeltaFile extends DeltaName {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

export interface DeltaPage {
  readonly files: readonly DeltaFile[];
  /** The key after which the next page starts; undefined after the last page. */
  readonly next: string | undefined;
}

/** S3 could not delete a delta. */
export class DeltaNotRemovedError extends VectorkeepError {
  constructor(key: string, reason: string) {
    super(
      `The delta ${key} could not be deleted: ${reason}.`,
      "A later sweep retries. Check that the function may delete objects under deltas/.",
    );
  }
}

/** All deltas of a bucket. */
export class DeltaFiles {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #pageSize: number;

  /** S3 lists at most 1,000 objects per call. */
  constructor(client: S3Client, bucket: string, pageSize = 1_000) {
    this.#client = client;
    this.#bucket = bucket;
    this.#pageSize = pageSize;
  }

  /** The next deltas in key order. Other objects are skipped. */
  async page(after: string | undefined): Promise<DeltaPage> {
    const { Contents = [], IsTruncated } = await this.#client.send(
      new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: deltasFolder,
        MaxKeys: this.#pageSize,
        ...(after !== undefined && { StartAfter: after }),
      }),
    );
    const files = Contents.flatMap(({ Key: key = "", LastModified }) => {
      const name = deltaOfKey(key);
      return name && LastModified ? [{ ...name, key, storedAt: LastModified.getTime() }] : [];
    });
    return { files, next: IsTruncated ? Contents.at(-1)?.Key : undefined };
  }

  /** Deleting a missing object succeeds. Throws DeltaNotRemovedError. */
  async remove(files: readonly DeltaFile[]): Promise<void> {
    const { Errors = [] } = await this.#client.send(
      new DeleteObjectsCommand({
        Bucket: this.#bucket,
        Delete: { Objects: files.map(({ key }) => ({ Key: key })), Quiet: true },
      }),
    );
    const [first] = Errors;
    if (first)
      throw new DeltaNotRemovedError(first.Key ?? "", `${first.Code}: ${first.Message ?? "no reason given"}`);
  }
}
