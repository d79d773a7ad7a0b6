import type { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type OpenObject, SourceChangedError, SourceMissingError, type SourceStore } from "./source-store.ts";

/** The objects of one bucket. */
export class ObjectStore implements SourceStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Throws SourceMissingError. */
  async open(key: string): Promise<OpenObject> {
    try {
      const { Body, ETag } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
      );
      return { body: Body as Readable, etag: ETag ?? "" };
    } catch (error) {
      if (error instanceof NoSuchKey) throw new SourceMissingError(key);
      throw error;
    }
  }

  /**
   * Bytes `first` to `last`, both included, of the object with this etag. Throws SourceChangedError and
   * SourceMissingError.
   */
  async readRange(key: string, etag: string, first: number, last: number): Promise<Uint8Array> {
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Range: `bytes=${first}-${last}`,
          IfMatch: etag,
        }),
      );
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey) throw new SourceMissingError(key);
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412)
        throw new SourceChangedError(key);
      throw error;
    }
  }

  /** Undefined if there is no object. */
  async read(key: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** Resolves to the etag. */
  async write(key: string, body: Uint8Array | string, contentType: string): Promise<string> {
    const { ETag } = await this.#client.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body, ContentType: contentType }),
    );
    return ETag ?? "";
  }

  /** Resolves to false, and changes nothing, if an object exists already. */
  async writeFirst(key: string, body: string, contentType: string): Promise<boolean> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
          IfNoneMatch: "*",
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === "PreconditionFailed") return false;
      throw error;
    }
  }

  /** Uploads a stream of unknown length in parts. The object appears only once it is complete. Resolves to the etag. */
  async writeStream(key: string, body: Readable, contentType: string): Promise<string> {
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.#bucket, Key: key, Body: body, ContentType: contentType },
    });
    const { ETag } = await upload.done();
    return ETag ?? "";
  }

  /** Succeeds if there is no such object. */
  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  /** Key, etag and size of every object under a prefix, sorted by key. */
  async *list(
    prefix: string,
  ): AsyncGenerator<{ readonly key: string; readonly etag: string; readonly bytes: number }> {
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }),
      );
      for (const { Key = "", ETag = "", Size = 0 } of page.Contents ?? []) {
        yield { key: Key, etag: ETag, bytes: Size };
      }
      token = page.NextContinuationToken;
    }
  }
}
