import { hash } from "node:crypto";
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";

/** Buckets in memory that check what the product relies on: If-None-Match and the stated checksum. */
export class Buckets {
  readonly objects = new Map<string, Buffer>();
  /** Names of the calls, with the key. */
  readonly calls: string[] = [];

  /** The client's `send`, as far as the product uses it. */
  get client(): S3Client {
    return { send: (command: unknown) => this.#send(command) } as S3Client;
  }

  put(bucket: string, key: string, content: Uint8Array): void {
    this.objects.set(`${bucket}/${key}`, Buffer.from(content));
  }

  async #send(command: unknown): Promise<unknown> {
    if (command instanceof PutObjectCommand) return this.#put(command);
    if (command instanceof GetObjectCommand) return this.#get(command);
    throw new Error("The buckets of this test know PutObject and GetObject only.");
  }

  #put({ input }: PutObjectCommand): unknown {
    const path = `${input.Bucket}/${input.Key}`;
    const content = Buffer.from(input.Body as Uint8Array);
    this.calls.push(`put ${path}`);
    if (input.ChecksumSHA256 && input.ChecksumSHA256 !== hash("sha256", content, "base64")) {
      throw refusal("BadDigest", 400);
    }
    if (input.IfNoneMatch === "*" && this.objects.has(path)) throw refusal("PreconditionFailed", 412);
    this.objects.set(path, content);
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
