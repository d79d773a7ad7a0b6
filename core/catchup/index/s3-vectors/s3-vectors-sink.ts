import {
  ConflictException,
  CreateIndexCommand,
  DeleteVectorsCommand,
  GetIndexCommand,
  GetVectorBucketCommand,
  GetVectorsCommand,
  NotFoundException,
  type S3VectorsClient,
} from "@aws-sdk/client-s3vectors";
import { batchesByCount } from "../../../resilience/batch.ts";
import { inParallel } from "../../../resilience/in-parallel.ts";
import { unfilterableKeys } from "../../records/metadata-limits.ts";
import { IndexNotAllowedError, IndexUnavailableError } from "../index-errors.ts";
import { namespaceSlug } from "../namespace-slug.ts";
import type { SinkDescription, SinkLimits, SinkVector, VectorSink } from "../vector-sink.ts";
import { bytesPerNumber } from "../vectors-json.ts";
import { callS3Vectors, type S3VectorsAccess } from "./call-s3-vectors.ts";
import { type IndexPlace, putVectors } from "./put-vectors.ts";

const sink = "s3vectors";
const limits: SinkLimits = {
  vectors: 500,
  // The limit is 20 MiB; a process holds three concurrent requests in memory.
  bytes: 10_000_000,
  bytesPerNumber,
  inFlight: 3,
  metadataBytes: 40_960,
  filterableBytes: 2_048,
  metadataKeys: 50,
};
const keysPerGet = 100;
const keysPerDelete = 500;

export interface S3VectorsSinkOptions extends S3VectorsAccess {
  readonly bucketName: string;
  /** The index of a namespace. @default namespaceSlug */
  readonly indexNameOf?: (namespace: string) => string;
}

/**
 * A vector bucket of S3 with one index per namespace, which is created with its first vector. Throws the errors of
 * index-errors.ts.
 */
export class S3VectorsSink implements VectorSink {
  readonly sink = sink;
  readonly limits = limits;
  readonly #options: S3VectorsSinkOptions;

  constructor(options: S3VectorsSinkOptions) {
    this.#options = options;
  }

  async upsert(namespace: string, vectors: readonly SinkVector[]): Promise<void> {
    const place = this.#placeOf(namespace);
    const put = () => this.#send((client) => client.send(putVectors(place, vectors)));
    if ((await unlessMissing(put)) !== undefined) return;
    await this.#createIndex(place, (vectors[0]?.vector.length ?? 0) / 4);
    await put().catch((error: Error) => {
      throw error instanceof NotFoundException ? new IndexUnavailableError(sink, error) : error;
    });
  }

  async delete(namespace: string, ids: readonly string[]): Promise<void> {
    const place = this.#placeOf(namespace);
    await this.#inParts(ids, keysPerDelete, (client, keys) =>
      client.send(new DeleteVectorsCommand({ ...place, keys })),
    );
  }

  async contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>> {
    const place = this.#placeOf(namespace);
    const found = new Map<string, string>();
    await this.#inParts(ids, keysPerGet, async (client, keys) => {
      const get = new GetVectorsCommand({ ...place, keys, returnMetadata: true });
      const { vectors = [] } = await client.send(get);
      for (const { key, metadata } of vectors) {
        const { content_hash: contentHash } = (metadata ?? {}) as Record<string, unknown>;
        if (key !== undefined && typeof contentHash === "string") found.set(key, contentHash);
      }
    });
    return found;
  }

  async describe(namespace: string): Promise<SinkDescription> {
    const place = this.#placeOf(namespace);
    const found = await unlessMissing(() => this.#send((client) => client.send(new GetIndexCommand(place))));
    if (found !== undefined) return { dimension: found.index?.dimension, isUsed: true };
    const { bucketName: vectorBucketName } = this.#options;
    await this.#inBucket(() =>
      this.#send((client) => client.send(new GetVectorBucketCommand({ vectorBucketName }))),
    );
    return { dimension: undefined, isUsed: false };
  }

  #placeOf(namespace: string): IndexPlace {
    const { bucketName: vectorBucketName, indexNameOf = namespaceSlug } = this.#options;
    return { vectorBucketName, indexName: indexNameOf(namespace) };
  }

  /** Ignores a conflict, because another process may have created the index meanwhile. */
  async #createIndex(place: IndexPlace, dimension: number): Promise<void> {
    const create = new CreateIndexCommand({
      ...place,
      dimension,
      dataType: "float32",
      distanceMetric: "cosine",
      metadataConfiguration: { nonFilterableMetadataKeys: [...unfilterableKeys] },
    });
    await this.#inBucket(() =>
      this.#send(async (client) => {
        await client.send(create).catch((error: Error) => {
          if (!(error instanceof ConflictException)) throw error;
        });
      }),
    );
  }

  /** Here, NotFoundException means that the bucket is missing. */
  #inBucket<T>(call: () => Promise<T>): Promise<T> {
    return call().catch((error: Error) => {
      if (!(error instanceof NotFoundException)) throw error;
      throw new IndexNotAllowedError(sink, `there is no vector bucket ${this.#options.bucketName}`);
    });
  }

  /** Has no effect if the namespace has no index. */
  async #inParts(
    ids: readonly string[],
    size: number,
    call: (client: S3VectorsClient, keys: string[]) => Promise<unknown>,
  ): Promise<void> {
    await unlessMissing(() =>
      inParallel(batchesByCount(ids, size), limits.inFlight, async (some) => {
        await this.#send((client) => call(client, some));
      }),
    );
  }

  /** Also throws NotFoundException. */
  #send<T>(call: (client: S3VectorsClient) => Promise<T>): Promise<T> {
    return callS3Vectors(this.#options, call);
  }
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NotFoundException) return undefined;
    throw error;
  }
}
