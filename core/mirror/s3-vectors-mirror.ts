import { GetIndexCommand, ListVectorsCommand, NotFoundException } from "@aws-sdk/client-s3vectors";
import { callS3Vectors } from "../catchup/index/s3-vectors/call-s3-vectors.ts";
import { S3VectorsSink, type S3VectorsSinkOptions } from "../catchup/index/s3-vectors/s3-vectors-sink.ts";
import type { SinkVector } from "../catchup/index/vector-sink.ts";
import { MirrorIndexMissingError } from "./mirror-errors.ts";
import type { MirroredRef, MirrorIndex } from "./mirror-index.ts";

/** A response is limited to 1 MB, so pages are smaller than this where texts are long. */
const vectorsPerPage = 1_000;

/** An index of S3 Vectors that the stack declares. Throws the errors of index-errors.ts and MirrorIndexMissingError. */
export class S3VectorsMirror implements MirrorIndex {
  readonly #options: S3VectorsSinkOptions;
  readonly #name: string;
  readonly #sink: S3VectorsSink;

  constructor(options: S3VectorsSinkOptions, name: string) {
    this.#options = { ...options, indexNameOf: () => name };
    this.#name = name;
    this.#sink = new S3VectorsSink(this.#options);
  }

  get limits() {
    return this.#sink.limits;
  }

  async identity(): Promise<string> {
    const { index } = await this.#called((client) => client.send(new GetIndexCommand(this.#place)));
    return `${this.#name}@${index?.creationTime?.toISOString()}`;
  }

  upsert(vectors: readonly SinkVector[]): Promise<void> {
    return this.#sink.upsert(this.#name, vectors);
  }

  delete(ids: readonly string[]): Promise<void> {
    return this.#sink.delete(this.#name, ids);
  }

  async *list(): AsyncGenerator<MirroredRef[]> {
    for (let nextToken: string | undefined; ; ) {
      const page = { maxResults: vectorsPerPage, nextToken, returnMetadata: true };
      const { vectors = [], nextToken: next } = await this.#called((client) =>
        client.send(new ListVectorsCommand({ ...this.#place, ...page })),
      );
      yield vectors.map(({ key = "", metadata }) => {
        const { content_hash: contentHash } = (metadata ?? {}) as Record<string, unknown>;
        return { id: key, contentHash: typeof contentHash === "string" ? contentHash : undefined };
      });
      if (next === undefined) return;
      nextToken = next;
    }
  }

  get #place() {
    return { vectorBucketName: this.#options.bucketName, indexName: this.#name };
  }

  #called<T>(call: Parameters<typeof callS3Vectors<T>>[1]): Promise<T> {
    return callS3Vectors(this.#options, call).catch((error) => {
      throw error instanceof NotFoundException ? new MirrorIndexMissingError(this.#name) : error;
    });
  }
}
