import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";
import { notFound } from "./errors.ts";
import { StoredIndex, type StoredIndexSettings, type StoredVector } from "./stored-index.ts";

const maxIndexes = 10_000;

export interface VectorBucket {
  readonly name: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly indexes: Map<string, StoredIndex>;
}

/** The identifiers by which a call selects a bucket, or an index in one. */
export interface Place {
  readonly vectorBucketName?: string | undefined;
  readonly vectorBucketArn?: string | undefined;
  readonly indexName?: string | undefined;
  readonly indexArn?: string | undefined;
}

/** An index as it outlives the stack. */
export interface KeptIndex {
  readonly name: string;
  readonly settings: StoredIndexSettings;
  readonly createdAt: number;
  readonly vectors: readonly StoredVector[];
}

/** The vector buckets of the account, in memory. */
export class VectorBuckets {
  /** Indexes of an earlier stack, by bucket. They are in a bucket as soon as it is created again. */
  readonly kept = new Map<string, readonly KeptIndex[]>();
  readonly #byName = new Map<string, VectorBucket>();
  /** Those of them that the program has not declared again. */
  readonly #undeclared = new Set<StoredIndex>();

  /** Throws ConflictException. */
  create(name: string): VectorBucket {
    if (this.#byName.has(name)) {
      throw new AwsError(409, "ConflictException", "A vector bucket with the specified name already exists");
    }
    const bucket = { name, arn: bucketArn(name), createdAt: Date.now(), indexes: new Map() };
    this.#byName.set(name, bucket);
    for (const kept of this.kept.get(name) ?? []) {
      const index = new StoredIndex(
        kept.name,
        `${bucket.arn}/index/${kept.name}`,
        kept.settings,
        kept.createdAt,
      );
      index.put(kept.vectors);
      bucket.indexes.set(kept.name, index);
      this.#undeclared.add(index);
    }
    return bucket;
  }

  all(): VectorBucket[] {
    return [...this.#byName.values()];
  }

  /** Throws NotFoundException. */
  bucket(place: Place): VectorBucket {
    const found = this.#byName.get(bucketNameOf(place));
    if (found === undefined) throw notFound("The specified vector bucket could not be found");
    return found;
  }

  /** Throws ConflictException, NotFoundException and ServiceQuotaExceededException. */
  createIndex(place: Place, name: string, settings: StoredIndexSettings): StoredIndex {
    const bucket = this.bucket(place);
    const known = bucket.indexes.get(name);
    if (known !== undefined) {
      const isKept = this.#undeclared.delete(known);
      if (isKept && isSame(known.settings, settings)) return known;
      if (!isKept) {
        throw new AwsError(409, "ConflictException", "An index with the specified name already exists");
      }
    }
    if (bucket.indexes.size >= maxIndexes) {
      throw new AwsError(
        402,
        "ServiceQuotaExceededException",
        `A vector bucket has at most ${maxIndexes} indexes`,
      );
    }
    const index = new StoredIndex(name, `${bucket.arn}/index/${name}`, settings);
    bucket.indexes.set(name, index);
    return index;
  }

  /** Deletes an index with its vectors. Throws NotFoundException. */
  deleteIndex(place: Place): void {
    this.bucket(place).indexes.delete(this.index(place).name);
  }

  /** Throws NotFoundException. */
  index(place: Place): StoredIndex {
    const found = this.bucket(place).indexes.get(indexNameOf(place));
    if (found === undefined) throw notFound("The specified index could not be found");
    return found;
  }
}

export function bucketArn(name: string): string {
  return `arn:aws:s3vectors:${region}:${accountId}:bucket/${name}`;
}

export function bucketNameOf({ vectorBucketName, vectorBucketArn, indexArn }: Place): string {
  return vectorBucketName ?? partOf(vectorBucketArn ?? indexArn, "bucket");
}

export function indexNameOf({ indexName, indexArn }: Place): string {
  return indexName ?? partOf(indexArn, "index");
}

/** `bucket/{name}/index/{name}` */
function partOf(arn: string | undefined, part: "bucket" | "index"): string {
  return new RegExp(`[:/]${part}/([^/]+)`).exec(arn ?? "")?.[1] ?? "";
}

function isSame(one: StoredIndexSettings, other: StoredIndexSettings): boolean {
  return (
    one.dimension === other.dimension &&
    one.distanceMetric === other.distanceMetric &&
    one.nonFilterableMetadataKeys.join() === other.nonFilterableMetadataKeys.join()
  );
}
