import { hash } from "node:crypto";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";

/** Buckets in memory that check what the product relies on: If-None-Match and the stated checksum. */
export class Buckets {
  readonly objects = new Map<string, Buffer>();
  /** When each object was written, epoch milliseconds. */
  readonly storedAt = new Map<string, number>();
  /** Names of the calls, with the key. */
  readonly calls: string[] = [];

  /** The client's `send`, as far as the product uses it. */
  get client(): S3Client {
    return { send: (command: unknown) => this.#send(command) } as S3Client;
  }

  put(bucket: string, key: string, content: Uint8Array): void {
    this.#store(`${bucket}/${key}`, Buffer.from(content));
  }

  async #send(command: unknown): Promise<unknown> {
    if (command instanceof PutObjectCommand) return this.#put(command);
    if (command instanceof GetObjectCommand) return this.#get(command);
    if (command instanceof HeadObjectCommand) return this.#head(command);
    if (command instanceof ListObjectsV2Command) return this.#list(command);
    if (command instanceof DeleteObjectsCommand) return this.#delete(command);
    throw new Error("The buckets of this test do not know the call.");
  }

  #store(path: string, content: Buffer): void {
    this.objects.set(path, content);
    this.storedAt.set(path, Date.now());
  }

  #put({ input }: PutObjectCommand): unknown {
    const path = `${input.Bucket}/${input.Key}`;
    const content = Buffer.from(input.Body as Uint8Array);
    this.calls.push(`put ${path}`);
    if (input.ChecksumSHA256 && input.ChecksumSHA256 !== hash("sha256", content, "base64")) {
      throw refusal("BadDigest", 400);
    }
    if (input.IfNoneMatch === "*" && this.objects.has(path)) throw refusal("PreconditionFailed", 412);
    this.#store(path, content);
    return {};
  }

  #list({ input: { Bucket, Prefix = "", StartAfter = "", MaxKeys = 1_000 } }: ListObjectsV2Command): unknown {
    const folder = `${Bucket}/`;
    const keys = [...this.objects.keys()]
      .flatMap((path) => (path.startsWith(folder) ? path.slice(folder.length) : []))
      .filter((key) => key.startsWith(Prefix) && key > StartAfter)
      .sort();
    const Contents = keys.slice(0, MaxKeys).map((Key) => ({
      Key,
      LastModified: new Date(this.storedAt.get(folder + Key) ?? 0),
    }));
    this.calls.push(`list ${Bucket}/${Prefix}`);
    return { Contents, IsTruncated: keys.length > MaxKeys };
  }

  #delete({ input: { Bucket, Delete } }: DeleteObjectsCommand): unknown {
    for (const { Key } of Delete?.Objects ?? []) {
      this.calls.push(`delete ${Bucket}/${Key}`);
      this.objects.delete(`${Bucket}/${Key}`);
    }
    return {};
  }

  #head({ input }: HeadObjectCommand): unknown {
    const path = `${input.Bucket}/${input.Key}`;
    this.calls.push(`head ${path}`);
    if (!this.objects.has(path)) throw refusal("NotFound", 404);
    return {};
  }

  #get({ input }: GetObjectCommand): unknown {
    const path = `${input.Bucket}/${input.Key}`;
    this.calls.push(`get ${path}`);
    const content = this.objects.get(path);
    if (!content)
      throw new NoSuchKey({ message: "There is no such key.", $metadata: { httpStatusCode: 404 } });
    const Body = {
      transformToByteArray: async () => new Uint8Array(content),
      transformToWebStream: () => new ReadableStream(),
    };
    return { Body, ContentLength: content.length };
  }
}

function refusal(name: string, status: number): S3ServiceException {
  return new S3ServiceException({
    name,
    $fault: "client",
    $metadata: { httpStatusCode: status },
    message: name,
  });
}
