import type { Clock } from "../../../core/resilience/clock.ts";
import {
  type ApiCall,
  AwsError,
  type LocalService,
  type Permission,
  type Reply,
} from "../../protocol/service.ts";
import { invalid } from "./errors.ts";
import { filterOf } from "./filter.ts";
import { type Action, bodyOf, type Input, inputOf, inputs } from "./inputs.ts";
import { valuesOf, vectorsOf } from "./put-vectors.ts";
import { documentedRates, type StoredIndex, type StoredVector, type WriteRates } from "./stored-index.ts";
import { bucketArn, bucketNameOf, indexNameOf, type VectorBucket, VectorBuckets } from "./vector-buckets.ts";
import { vectorKeeper } from "./vector-keeper.ts";

type Output = Record<string, unknown>;

export interface S3VectorsOptions {
  /** @default those of S3 Vectors */
  readonly rates?: WriteRates;
  /** The clock of the rate limits. @default the process's */
  readonly clock?: Clock;
}

/** S3 Vectors, in memory. Every search compares all vectors of an index. */
export function s3VectorsService({ rates = documentedRates, clock }: S3VectorsOptions = {}): LocalService {
  const buckets = new VectorBuckets();
  const actions: { [Name in Action]: (input: Input<Name>) => Output } = {
    CreateVectorBucket: ({ vectorBucketName }) => ({ vectorBucketArn: buckets.create(vectorBucketName).arn }),
    GetVectorBucket: (place) => ({ vectorBucket: describeBucket(buckets.bucket(place)) }),
    ListVectorBuckets(asked) {
      const found = buckets.all().filter(({ name }) => name.startsWith(asked.prefix ?? ""));
      const { page, nextToken } = pageOf(found, asked);
      return { vectorBuckets: page.map(describeBucket), nextToken };
    },
    CreateIndex({ indexName, dimension, distanceMetric, metadataConfiguration, ...place }) {
      const { nonFilterableMetadataKeys = [] } = metadataConfiguration ?? {};
      const settings = { dimension, distanceMetric, nonFilterableMetadataKeys };
      return { indexArn: buckets.createIndex(place, indexName, settings).arn };
    },
    GetIndex: (place) => ({ index: describeIndex(buckets.index(place), bucketNameOf(place)) }),
    DeleteIndex(place) {
      buckets.deleteIndex(place);
      return {};
    },
    ListIndexes(asked) {
      const found = [...buckets.bucket(asked).indexes.values()].filter(({ name }) =>
        name.startsWith(asked.prefix ?? ""),
      );
      const { page, nextToken } = pageOf(found, asked);
      return { indexes: page.map((index) => summaryOf(index, bucketNameOf(asked))), nextToken };
    },
    PutVectors(asked) {
      const index = buckets.index(asked);
      const vectors = vectorsOf(asked, index.settings);
      index.book(vectors.length, rates, clock);
      index.put(vectors);
      return {};
    },
    GetVectors(asked) {
      const index = buckets.index(asked);
      return { vectors: asked.keys.flatMap((key) => index.get(key) ?? []).map((one) => shown(one, asked)) };
    },
    ListVectors(asked) {
      const { segmentCount, segmentIndex } = asked;
      if (segmentIndex >= segmentCount) throw invalid("segmentIndex must be less than segmentCount");
      const segment = buckets
        .index(asked)
        .all()
        .filter((_, at) => at % segmentCount === segmentIndex);
      const { page, nextToken } = pageOf(segment, asked);
      return { vectors: page.map((one) => shown(one, asked)), nextToken };
    },
    DeleteVectors(asked) {
      const index = buckets.index(asked);
      index.book(asked.keys.length, rates, clock);
      index.delete(asked.keys);
      return {};
    },
    QueryVectors(asked) {
      const index = buckets.index(asked);
      const query = valuesOf(asked.queryVector.float32, index.settings, "query vector");
      const found = index.nearest(query, asked.topK, filterOf(asked.filter, index.settings));
      const { returnMetadata, returnDistance } = asked;
      return {
        distanceMetric: index.settings.distanceMetric,
        vectors: found.map(({ vector, distance }) => ({
          ...shown(vector, { returnData: false, returnMetadata }),
          ...(returnDistance && { distance }),
        })),
      };
    },
  };

  return {
    names: ["s3vectors"],
    keeper: vectorKeeper(buckets),
    permissions: (call) => permissionsOf(actionOf(call), bodyOf(call)),
    async handle(call) {
      const action = actionOf(call);
      const output = (actions[action] as (input: unknown) => Output)(inputOf(action, bodyOf(call)));
      return reply(200, output);
    },
    renderError: ({ status, code, message }) => reply(status, { message }, { "x-amzn-errortype": code }),
  };
}

/** `POST /PutVectors` */
function actionOf({ method, url }: ApiCall): Action {
  const action = url.pathname.slice(1);
  if (method === "POST" && action in inputs) return action as Action;
  throw new AwsError(
    400,
    "UnknownOperationException",
    `The local S3 Vectors does not know ${method} ${url.pathname}: it has ${Object.keys(inputs).join(", ")}.`,
  );
}

const ofBuckets: readonly Action[] = ["CreateVectorBucket", "GetVectorBucket", "ListIndexes"];

/** Metadata that come with found or listed vectors are read, which is a permission of its own. */
function permissionsOf(action: Action, body: Record<string, unknown>): Permission[] {
  if (action === "ListVectorBuckets") return [{ action: "s3vectors:ListVectorBuckets", resource: "*" }];
  const bucket = bucketArn(bucketNameOf(body));
  if (ofBuckets.includes(action)) return [{ action: `s3vectors:${action}`, resource: bucket }];
  const resource = `${bucket}/index/${indexNameOf(body)}`;
  const reads =
    ["QueryVectors", "ListVectors"].includes(action) &&
    (body.returnMetadata === true || body.returnData === true || body.filter !== undefined);
  return [action, ...(reads ? ["GetVectors"] : [])].map((one) => ({ action: `s3vectors:${one}`, resource }));
}

function describeBucket({ name, arn, createdAt }: VectorBucket): Output {
  return {
    vectorBucketName: name,
    vectorBucketArn: arn,
    creationTime: createdAt / 1000,
    encryptionConfiguration: { sseType: "AES256" },
  };
}

function summaryOf({ name, arn, createdAt }: StoredIndex, bucket: string): Output {
  return { vectorBucketName: bucket, indexName: name, indexArn: arn, creationTime: createdAt / 1000 };
}

function describeIndex(index: StoredIndex, bucket: string): Output {
  const { dimension, distanceMetric, nonFilterableMetadataKeys } = index.settings;
  return {
    ...summaryOf(index, bucket),
    dataType: "float32",
    dimension,
    distanceMetric,
    ...(nonFilterableMetadataKeys.length > 0 && { metadataConfiguration: { nonFilterableMetadataKeys } }),
  };
}

function shown(
  { key, values, metadata }: StoredVector,
  { returnData, returnMetadata }: { readonly returnData: boolean; readonly returnMetadata: boolean },
): Output {
  return {
    key,
    ...(returnData && { data: { float32: [...values] } }),
    ...(returnMetadata && { metadata: metadata ?? {} }),
  };
}

function pageOf<T>(
  found: readonly T[],
  { maxResults, nextToken }: { readonly maxResults: number; readonly nextToken?: string | undefined },
) {
  const from = Number(nextToken ?? 0);
  const end = from + maxResults;
  return { page: found.slice(from, end), nextToken: end < found.length ? String(end) : undefined };
}

function reply(status: number, body: object, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
