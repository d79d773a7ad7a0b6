import { hash } from "node:crypto";
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { objectExists } from "../object-exists.ts";
import { inSpan } from "../tracing/span.ts";
import { DeltaUnreadableError, decodeDelta } from "./codec.ts";
import type { DeltaStore } from "./delta-store.ts";
import { deltaOfKey, isSameDelta } from "./keys.ts";

/** Deltas as objects of one bucket. S3 verifies the checksum of each upload. */
export class S3DeltaStore implements DeltaStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /**
   * Keeps an existing readable delta with this key: deltas are immutable, so an earlier attempt wrote it. Any other
   * object under the key is replaced.
   */
  put(key: string, bytes: Uint8Array): Promise<void> {
    return inSpan("delta.write", { key, bytes: bytes.length }, () => this.#put(key, bytes));
  }

  async #put(key: string, bytes: Uint8Array): Promise<void> {
    if (await this.#putIfAbsent(key, bytes)) return;
    if (await this.#holdsOwn(key)) return;
    await this.#client.send(this.#upload(key, bytes, undefined));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  has(key: string): Promise<boolean> {
    return objectExists(this.#client, { Bucket: this.#bucket, Key: key });
  }

  async #putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#client.send(this.#upload(key, bytes, "*"));
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  async #holdsOwn(key: string): Promise<boolean> {
    const stored = await this.get(key);
    if (!stored) return false;
    try {
      const delta = decodeDelta(stored);
      const name = deltaOfKey(key);
      return name === undefined || isSameDelta(delta, name);
    } catch (error) {
      if (error instanceof DeltaUnreadableError) return false;
      throw error;
    }
  }

  #upload(key: string, bytes: Uint8Array, ifNoneMatch: "*" | undefined): PutObjectCommand {
    return new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: bytes,
      ContentType: "application/octet-stream",
      ChecksumSHA256: hash("sha256", bytes, "base64"),
      ...(ifNoneMatch && { IfNoneMatch: ifNoneMatch }),
    });
  }
}

/** PreconditionFailed: the object exists. ConditionalRequestConflict: a concurrent write is in progress. */
function isConflict(error: unknown): boolean {
  return (
    error instanceof S3ServiceException &&
    ["PreconditionFailed", "ConditionalRequestConflict"].includes(error.name)
  );
}
