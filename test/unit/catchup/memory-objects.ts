import { hash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { S3Client } from "@aws-sdk/client-s3";
import { ObjectStore } from "../../../core/catchup/sources/object-store.ts";
import { SourceChangedError, SourceMissingError } from "../../../core/catchup/sources/source-store.ts";
import { Crashes } from "./crashes.ts";

/** A bucket in memory. */
export class MemoryObjects extends ObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** Ranges that were read, as `key first-last`. */
  readonly ranges: string[] = [];
  /** How long the pieces of an opened object are. */
  pieceLength = 64 * 1024;
  readonly #crashes: Crashes;

  constructor(crashes = new Crashes()) {
    super({} as S3Client, "memory");
    this.#crashes = crashes;
  }

  put(key: string, content: Uint8Array | string): void {
    this.objects.set(key, Buffer.from(content as Uint8Array));
  }

  text(key: string): string | undefined {
    return this.objects.get(key)?.toString();
  }

  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  override async open(key: string) {
    const content = this.objects.get(key);
    if (!content) throw new SourceMissingError(key);
    const pieces = Array.from({ length: Math.ceil(content.length / this.pieceLength) }, (_, index) =>
      content.subarray(index * this.pieceLength, (index + 1) * this.pieceLength),
    );
    return this.#crashes.call(`open ${key}`, () => ({ body: Readable.from(pieces), etag: etagOf(content) }));
  }

  override async readRange(key: string, etag: string, first: number, last: number) {
    this.ranges.push(`${key} ${first}-${last}`);
    return this.#crashes.call(`range ${key}`, () => {
      const content = this.objects.get(key);
      if (!content) throw new SourceMissingError(key);
      if (etagOf(content) !== etag) throw new SourceChangedError(key);
      return new Uint8Array(content.subarray(first, last + 1));
    });
  }

  override async read(key: string) {
    return this.#crashes.call(`read ${key}`, () => {
      const content = this.objects.get(key);
      return content && new Uint8Array(content);
    });
  }

  override async write(key: string, body: Uint8Array | string) {
    return this.#crashes.call(`write ${key}`, () => {
      this.put(key, body);
      return etagOf(Buffer.from(body as Uint8Array));
    });
  }

  override async writeFirst(key: string, body: string) {
    return this.#crashes.call(`writeFirst ${key}`, () => {
      if (this.objects.has(key)) return false;
      this.put(key, body);
      return true;
    });
  }

  override async writeStream(key: string, body: Readable) {
    const content = await buffer(body);
    return this.write(key, content);
  }

  override async remove(key: string) {
    return this.#crashes.call(`remove ${key}`, () => {
      this.objects.delete(key);
    });
  }

  override async *list(prefix: string) {
    for (const key of this.keys(prefix)) {
      const content = this.objects.get(key) ?? Buffer.alloc(0);
      yield { key, etag: etagOf(content), bytes: content.length };
    }
  }
}

function etagOf(content: Buffer): string {
  return `"${hash("md5", content, "hex")}"`;
}
