import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { itemFolder, type RenditionKeys, versionFolder } from "../events/rendition-keys.ts";
import type { Rendered } from "./render.ts";

export interface RenditionsOptions {
  readonly s3: S3Client;
  readonly bucket: string;
}

/** The thumbnails and analysis copies of items. */
export class Renditions {
  readonly bucket: string;
  readonly #s3: S3Client;

  constructor({ s3, bucket }: RenditionsOptions) {
    this.bucket = bucket;
    this.#s3 = s3;
  }

  async write({ thumbnail, analysis }: RenditionKeys, rendered: Rendered): Promise<void> {
    const put = (Key: string, Body: Uint8Array) =>
      this.#s3.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body, ContentType: "image/jpeg" }));
    await Promise.all([put(thumbnail, rendered.thumbnail), put(analysis, rendered.analysis)]);
  }

  /** Removes the renditions of versions before the padded sequencer. */
  async removeBefore(userId: string, itemId: string, sequencer: string): Promise<void> {
    const folder = itemFolder(userId, itemId);
    const { Contents = [] } = await this.#s3.send(
      new ListObjectsV2Command({ Bucket: this.bucket, Prefix: folder }),
    );
    const older = Contents.flatMap(({ Key = "" }) => {
      const version = Key.slice(folder.length).split("/")[0] ?? "";
      return version < versionFolder(sequencer) ? [{ Key }] : [];
    });
    if (older.length === 0) return;
    await this.#s3.send(
      new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects: older, Quiet: true } }),
    );
  }
}
