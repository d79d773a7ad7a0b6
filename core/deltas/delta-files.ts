import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { VectorkeepError } from "../vectorkeep-error.ts";
import { type DeltaName, deltaOfKey, deltasFolder } from "./keys.ts";

/** A delta that lies in the bucket. */
export interface DeltaFile extends DeltaName {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

export interface DeltaPage {
  readonly files: readonly DeltaFile[];
  /** The key to go on behind; undefined behind the last page. */
  readonly next: string | undefined;
}

/** S3 has not removed a delta. */
export class DeltaNotRemovedError extends VectorkeepError {
  constructor(key: string, reason: string) {
    super(
      `The delta ${key} could not be removed: ${reason}.`,
      "It is tried again when its turn comes. Check that the function may delete what lies under deltas/.",
    );
  }
}

/** The deltas of a bucket, whosoever's they are. */
export class DeltaFiles {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #pageSize: number;

  /** S3 lists 1,000 objects at once at most. */
  constructor(client: S3Client, bucket: string, pageSize = 1_000) {
    this.#client = client;
    this.#bucket = bucket;
    this.#pageSize = pageSize;
  }

  /** The next deltas in the order of their keys. Objects that are none are passed over. */
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

  /** Those that are gone already are no failure. Throws DeltaNotRemovedError. */
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
