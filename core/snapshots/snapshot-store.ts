import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type * as z from "zod";
import { batchesByCount } from "../resilience/batch.ts";
import { SnapshotCorruptError, SnapshotPointerRefusedError } from "./snapshot-errors.ts";
import {
  archiveFile,
  manifestFile,
  pointerFile,
  type SnapshotManifest,
  type SnapshotPointer,
  sequenceOf,
  snapshotManifest,
  snapshotName,
  snapshotPointer,
} from "./snapshot-manifest.ts";

/** S3 allows ten thousand parts per upload: 160 GB. */
const partBytes = 16 * 1024 * 1024;
const partsAtOnce = 2;
const keysPerDelete = 1_000;

export interface Latest {
  readonly pointer: SnapshotPointer;
  readonly etag: string;
}

/** The snapshots of one collection below a prefix of a bucket. */
export class SnapshotStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  /** `prefix` is empty or ends with a slash. */
  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /** Formats a URL for people. */
  urlOf(path: string): string {
    return `s3://${this.#bucket}/${this.#prefix}${path}`;
  }

  /** Returns undefined if there is no snapshot. Throws SnapshotCorruptError. */
  async latest(): Promise<Latest | undefined> {
    const found = await this.#get(pointerFile);
    if (found === undefined) return undefined;
    return { pointer: this.#parsed(pointerFile, snapshotPointer, found.text), etag: found.etag };
  }

  /** Throws SnapshotCorruptError. */
  async manifestOf({ manifest: path }: SnapshotPointer): Promise<SnapshotManifest> {
    const found = await this.#get(path);
    if (found === undefined) throw new SnapshotCorruptError(this.urlOf(path), "it is not there");
    return this.#parsed(path, snapshotManifest, found.text);
  }

  /** Returns a unique name for the next snapshot. */
  nextName(latest: Latest | undefined): string {
    return snapshotName((latest?.pointer.sequence ?? 0) + 1, randomBytes(4).toString("hex"));
  }

  /** Throws SnapshotCorruptError. */
  async openArchive({ archive: path }: SnapshotPointer): Promise<Readable> {
    const body = await this.#open(path);
    if (body === undefined) throw new SnapshotCorruptError(this.urlOf(path), "it is not there");
    return body.body;
  }

  /** Uploads in parts, so that the size does not matter. The object only appears when it is complete. */
  async putArchive(snapshot: string, body: Readable): Promise<void> {
    const upload = new Upload({
      client: this.#client,
      params: {
        Bucket: this.#bucket,
        Key: `${this.#prefix}${snapshot}/${archiveFile}`,
        Body: body,
        ContentType: "application/zstd",
      },
      partSize: partBytes,
      queueSize: partsAtOnce,
    });
    await upload.done();
  }

  async putManifest(manifest: SnapshotManifest): Promise<void> {
    await this.#putJson(`${manifest.snapshot}/${manifestFile}`, manifest, {});
  }

  /**
   * Makes a snapshot the newest one by one conditional write. Returns false if another export was faster. Throws
   * SnapshotPointerRefusedError.
   */
  async moveLatest(pointer: SnapshotPointer, before: Latest | undefined): Promise<boolean> {
    const condition = before === undefined ? { IfNoneMatch: "*" } : { IfMatch: before.etag };
    try {
      await this.#putJson(pointerFile, pointer, condition);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      const now = await this.latest();
      // The response to the first attempt was lost.
      if (now?.pointer.snapshot === pointer.snapshot) return true;
      if (now?.etag === before?.etag) throw new SnapshotPointerRefusedError(this.urlOf(pointerFile));
      return false;
    }
  }

  /**
   * Removes snapshots beyond those that the pointer keeps, and the objects of interrupted exports. An export that
   * started before this pointer was written and is still running can no longer become the newest one. Returns the names
   * of the snapshots.
   */
  async removeOutdated({ kept, sequence }: SnapshotPointer): Promise<string[]> {
    const keys: string[] = [];
    const removed = new Set<string>();
    const listed = paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix: this.#prefix },
    );
    for await (const { Contents = [] } of listed) {
      for (const { Key = "" } of Contents) {
        const [snapshot = ""] = Key.slice(this.#prefix.length).split("/");
        const own = sequenceOf(snapshot);
        if (own === undefined || own > sequence || kept.includes(snapshot)) continue;
        keys.push(Key);
        removed.add(snapshot);
      }
    }
    await this.#remove(keys);
    return [...removed];
  }

  /** Removes the objects of an export that did not become the newest one. */
  async discard(snapshot: string): Promise<void> {
    await this.#remove([archiveFile, manifestFile].map((file) => `${this.#prefix}${snapshot}/${file}`));
  }

  async #remove(keys: readonly string[]): Promise<void> {
    for (const some of batchesByCount(keys, keysPerDelete)) {
      const Objects = some.map((Key) => ({ Key }));
      const { Errors = [] } = await this.#client.send(
        new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors;
      if (first) throw new Error(`S3 did not delete ${first.Key}: ${first.Code} ${first.Message}`);
    }
  }

  async #putJson(path: string, content: object, condition: { IfMatch?: string; IfNoneMatch?: string }) {
    await this.#client.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: `${this.#prefix}${path}`,
        Body: JSON.stringify(content, undefined, 2),
        ContentType: "application/json",
        ...condition,
      }),
    );
  }

  async #get(path: string): Promise<{ readonly text: string; readonly etag: string } | undefined> {
    const found = await this.#open(path);
    if (found === undefined) return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of found.body) chunks.push(chunk as Buffer);
    return { text: Buffer.concat(chunks).toString(), etag: found.etag };
  }

  async #open(path: string): Promise<{ readonly body: Readable; readonly etag: string } | undefined> {
    try {
      const Key = `${this.#prefix}${path}`;
      const { Body, ETag } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      return { body: Body as Readable, etag: ETag ?? "" };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  #parsed<Shape extends z.ZodType>(path: string, shape: Shape, text: string): z.infer<Shape> {
    try {
      return shape.parse(JSON.parse(text));
    } catch (cause) {
      throw new SnapshotCorruptError(this.urlOf(path), (cause as Error).message, { cause });
    }
  }
}

/**
 * PreconditionFailed: the object has changed or exists. ConditionalRequestConflict: another write is in progress.
 * NoSuchKey: the object was removed.
 */
function isConflict(error: unknown): boolean {
  const names = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];
  return error instanceof S3ServiceException && names.includes(error.name);
}
