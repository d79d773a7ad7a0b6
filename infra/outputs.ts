import type * as pulumi from "@pulumi/pulumi";
import type { GatewayAuthorization } from "./settings/gateway-authorization.ts";

/** The outputs of a deployed stack (`pulumi stack output`). None of them is secret. */
export interface Outputs {
  readonly region: pulumi.Output<string>;
  readonly embedQueueUrl: pulumi.Output<string>;
  readonly embedDeadLetterQueueUrl: pulumi.Output<string>;
  /** One per shard, in shard order; the same applies to the next three. */
  readonly linesQueueUrls: readonly pulumi.Output<string>[];
  readonly wordsQueueUrls: readonly pulumi.Output<string>[];
  readonly linesDeadLetterQueueUrls: readonly pulumi.Output<string>[];
  readonly wordsDeadLetterQueueUrls: readonly pulumi.Output<string>[];
  readonly foldQueueUrl: pulumi.Output<string>;
  readonly foldDeadLetterQueueUrl: pulumi.Output<string>;
  readonly failedExportsQueueUrl: pulumi.Output<string>;
  readonly streamRejectedQueueUrl: pulumi.Output<string>;
  /** In the deltas bucket: stream records that failed their retries or grew too old. */
  readonly streamGivenUpPrefix: pulumi.Output<string>;
  readonly artifactsBucket: pulumi.Output<string>;
  readonly deltasBucket: pulumi.Output<string>;
  /** The bucket from which other readers read published snapshots: `{collection}/latest.json`. */
  readonly snapshotsBucket: pulumi.Output<string>;
  readonly receiptsTable: pulumi.Output<string>;
  readonly controlTable: pulumi.Output<string>;
  readonly collectionsFileSystem: pulumi.Output<string>;
  readonly functions: Readonly<Record<FunctionName, pulumi.Output<string>>>;
  /** The log groups of ECS services exist if the services do. */
  readonly logGroups: Readonly<Record<FunctionName, pulumi.Output<string>>> & {
    readonly queryServer?: pulumi.Output<string>;
    readonly compactionWorker?: pulumi.Output<string>;
  };
  /** The topic that alarms notify: the stack's own, or an existing one. */
  readonly alarmTopicArn: pulumi.Output<string>;
  /** Name of the dashboard in CloudWatch. */
  readonly dashboard: pulumi.Output<string>;
  readonly searchUrl?: pulumi.Output<string> | undefined;
  /** Name of the secret, not its value. */
  readonly searchApiKeySecret?: pulumi.Output<string>;
  /** The functions of infra/added-functions.ts, by folder; absent if there are none. */
  readonly added?: Readonly<
    Record<string, { readonly function: pulumi.Output<string>; readonly logGroup: pulumi.Output<string> }>
  >;
  /** Only with `query:host lambda`. */
  readonly search?: SearchOutputs;
  /** Only if the catch-up API is enabled. */
  readonly catchUp?: CatchUpOutputs;
  /** Only if the image flow is enabled. */
  readonly images?: ImagesOutputs;
  /** Only if merchants are resolved. */
  readonly merchants?: MerchantsOutputs;
  /** Only with `collections:mirror`. */
  readonly mirror?: MirrorOutputs;
  /** Only if `embedding_status` is written. */
  readonly embeddingStatus?: EmbeddingStatusOutputs;
  /** Only if the bulk API is enabled. */
  readonly bulk?: BulkOutputs;
}

export interface MirrorOutputs {
  /** The vector bucket. */
  readonly bucket: pulumi.Output<string>;
  readonly function: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
}

export interface EmbeddingStatusOutputs {
  readonly queueUrl: pulumi.Output<string>;
  readonly deadLetterQueueUrl: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
}

export interface BulkOutputs {
  /** Without a trailing slash, and without the prefix /api/v1. */
  readonly url: pulumi.Output<string>;
  /** Name of the secret, not its value. */
  readonly apiKeySecret: pulumi.Output<string>;
  readonly logGroups: Readonly<Record<"api" | "worker", pulumi.Output<string>>>;
}

export interface MerchantsOutputs {
  readonly queueUrl: pulumi.Output<string>;
  readonly deadLetterQueueUrl: pulumi.Output<string>;
  readonly function: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
}

export interface ImagesOutputs {
  /** The bucket for images, with keys `{user_id}/{item_id}.{extension}`. */
  readonly bucket: pulumi.Output<string>;
  readonly renditionsBucket: pulumi.Output<string>;
  readonly clusterArn: pulumi.Output<string>;
  readonly databaseName: pulumi.Output<string>;
  /** ARN of the secret of the functions' role, not its value. */
  readonly databaseSecretArn: pulumi.Output<string>;
  /** Without a trailing slash. */
  readonly searchUrl: pulumi.Output<string>;
  /** Name of the secret with each user's key, not its value. */
  readonly searchKeysSecret: pulumi.Output<string>;
  readonly queueUrls: Readonly<Record<ImageStep, pulumi.Output<string>>>;
  readonly deadLetterQueueUrls: Readonly<Record<ImageStep, pulumi.Output<string>>>;
  /** Events that EventBridge could not deliver. */
  readonly undeliveredQueueUrl: pulumi.Output<string>;
  readonly functions: Readonly<Record<ImageFunctionName, pulumi.Output<string>>>;
  readonly logGroups: Readonly<Record<ImageFunctionName, pulumi.Output<string>>>;
}

type ImageStep = "uploads" | "analysis" | "embedding";
type ImageFunctionName = "processor" | "analyzer" | "embedder" | "search" | "watch" | "migrate";

export interface SearchOutputs {
  /** The credentials that callers need. */
  readonly authorization: GatewayAuthorization;
  /** Answers callers. */
  readonly function: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
  /** The function that searches each shard, by shard name. */
  readonly shards: Readonly<
    Record<string, { readonly function: pulumi.Output<string>; readonly logGroup: pulumi.Output<string> }>
  >;
}

export interface CatchUpOutputs {
  /** Without a trailing slash. */
  readonly url: pulumi.Output<string>;
  /** The credentials that callers need. */
  readonly authorization: GatewayAuthorization;
  /** Name of the secret, not its value. */
  readonly apiKeySecret: pulumi.Output<string>;
  /** The bucket for CSV files. */
  readonly sourceBucket: pulumi.Output<string>;
  /** The bucket of plans, results and failed records. */
  readonly workBucket: pulumi.Output<string>;
  /** The bucket of the embedding cache; only with embedding:cache. */
  readonly cacheBucket?: pulumi.Output<string>;
  readonly tasksTable: pulumi.Output<string>;
  readonly stateMachineArn: pulumi.Output<string>;
  readonly unsettledQueueUrl: pulumi.Output<string>;
  readonly functions: Readonly<Record<CatchUpFunctionName, pulumi.Output<string>>>;
  readonly logGroups: Readonly<Record<CatchUpFunctionName, pulumi.Output<string>>>;
}

type CatchUpFunctionName = "api" | "run" | "chunk" | "batch" | "settle" | "watch";

type FunctionName =
  | "embed"
  | "exportOcrResults"
  | "streamProcessor"
  | "compaction"
  | "fold"
  | "generations"
  | "verify"
  | "sweeper"
  | "exportSnapshot";
