import {
  GetVectorsCommand,
  QueryVectorsCommand,
  type QueryVectorsCommandInput,
} from "@aws-sdk/client-s3vectors";
import type { ShardName } from "../../contract/collections.ts";
import { callS3Vectors, type S3VectorsAccess } from "../catchup/index/s3-vectors/call-s3-vectors.ts";
import type {
  MetadataTerm,
  Neighbour,
  NeighbourQuery,
  StoredVector,
} from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import type { MirroredShard } from "../search/mirror/mirrored-shard.ts";
import { type ControlTable, readMirror } from "./mirror-head.ts";

type Filter = NonNullable<QueryVectorsCommandInput["filter"]>;

export interface S3VectorsQueryOptions extends S3VectorsAccess {
  readonly control: ControlTable;
  readonly shard: ShardName;
  readonly bucketName: string;
  readonly indexName: string;
}

/** Searches the mirror of a shard in S3 Vectors. */
export class S3VectorsQuery implements MirroredShard {
  readonly #options: S3VectorsQueryOptions;

  constructor(options: S3VectorsQueryOptions) {
    this.#options = options;
  }

  async generation(): Promise<number | undefined> {
    const { control, shard } = this.#options;
    return (await readMirror(control, shard)).head?.generation;
  }

  async query({ vector, k, filter }: NeighbourQuery): Promise<Neighbour[]> {
    const wanted = filterOf(filter);
    const { vectors = [] } = await callS3Vectors(this.#options, (client) =>
      client.send(
        new QueryVectorsCommand({
          ...this.#place,
          queryVector: { float32: [...vector] },
          topK: k,
          returnMetadata: true,
          returnDistance: true,
          ...(wanted && { filter: wanted }),
        }),
      ),
    );
    return vectors.map(({ key = "", distance = 1, metadata }) => ({
      id: key,
      ...describedOf(metadata),
      similarity: 1 - distance,
    }));
  }

  async find(id: string): Promise<StoredVector | undefined> {
    const { vectors = [] } = await callS3Vectors(this.#options, (client) =>
      client.send(
        new GetVectorsCommand({ ...this.#place, keys: [id], returnData: true, returnMetadata: true }),
      ),
    );
    const [found] = vectors;
    if (found === undefined) return undefined;
    return { id, ...describedOf(found.metadata), vector: Float32Array.from(found.data?.float32 ?? []) };
  }

  get #place() {
    const { bucketName: vectorBucketName, indexName } = this.#options;
    return { vectorBucketName, indexName };
  }
}

function describedOf(metadata: unknown): Pick<StoredVector, "document" | "metadata"> {
  const { content_hash: _, ...own } = (metadata ?? {}) as VectorMetadata;
  return { document: String(own.text ?? ""), metadata: own };
}

/** S3 Vectors rejects `$or` and `$and` of one operand. */
function filterOf(terms: readonly MetadataTerm[]): Filter | undefined {
  const all = terms.map(({ anyOf: [key, ...others], equals }): Filter => {
    const equal = (name: string) => ({ [name]: { $eq: equals } });
    return others.length > 0 ? { $or: [key, ...others].map(equal) } : equal(key);
  });
  return all.length > 1 ? { $and: all } : all[0];
}
