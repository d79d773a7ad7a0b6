import type * as pulumi from "@pulumi/pulumi";
import type { GatewayAuthorization } from "./settings/gateway-authorization.ts";

/** The outputs of a deployed stack (`pulumi stack output`). None of them is secret. */
export interface Outputs {
  readonly region: pulumi.Output<string>;
  readonly embedQueueUrl: pulumi.Output<string>;
  readonly embedDeadLetterQueueUrl: pulumi.Output<string>;
  /** One for each shard, in shard order; so are the next three. */
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
  /** Where other readers find what is published: `{collection}/latest.json`. */
  readonly snapshotsBucket: pulumi.Output<string>;
  readonly receiptsTable: pulumi.Output<string>;
  readonly controlTable: pulumi.Output<string>;
  readonly collectionsFileSystem: pulumi.Output<string>;
  readonly functions: Readonly<Record<FunctionName, pulumi.Output<string>>>;
  /** Those of ECS services exist if the services do. */
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
  /** Those of infra/added-functions.ts, by folder; absent where there is none. */
  readonly added?: Readonly<
    Record<string, { readonly function: pulumi.Output<string>; readonly logGroup: pulumi.Output<string> }>
  >;
  /** With `query:host lambda`. */
  readonly search?: SearchOutputs;
  /** Where the catch-up API is enabled. */
  readonly catchUp?: CatchUpOutputs;
  /** Where the image flow is enabled. */
  readonly images?: ImagesOutputs;
  /** Where merchants are looked for. */
  readonly merchants?: MerchantsOutputs;
  /** Where `embedding_status` is written. */
  readonly embeddingStatus?: EmbeddingStatusOutputs;
  /** Where the bulk API is enabled. */
  readonly bulk?: BulkOutputs;
}

export interface EmbeddingStatusOutputs {
  readonly queueUrl: pulumi.Output<string>;
  readonly deadLetterQueueUrl: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
}

export interface BulkOutputs {
  /** Without a slash at its end, and without the prefix /api/v1. */
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
  /** Where images are put, as `{user_id}/{item_id}.{extension}`. */
  readonly bucket: pulumi.Output<string>;
  readonly renditionsBucket: pulumi.Output<string>;
  readonly clusterArn: pulumi.Output<string>;
  readonly databaseName: pulumi.Output<string>;
  /** ARN of the secret of the functions' role, not its value. */
  readonly databaseSecretArn: pulumi.Output<string>;
  /** Without a slash at its end. */
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
  /** What callers show. */
  readonly authorization: GatewayAuthorization;
  /** Answers callers. */
  readonly function: pulumi.Output<string>;
  readonly logGroup: pulumi.Output<string>;
  /** By shard, what searches it. */
  readonly shards: Readonly<
    Record<string, { readonly function: pulumi.Output<string>; readonly logGroup: pulumi.Output<string> }>
  >;
}

export interface CatchUpOutputs {
  /** Without a slash at its end. */
  readonly url: pulumi.Output<string>;
  /** What callers show. */
  readonly authorization: GatewayAuthorization;
  /** Name of the secret, not its value. */
  readonly apiKeySecret: pulumi.Output<string>;
  /** Where CSV files are put. */
  readonly sourceBucket: pulumi.Output<string>;
  /** Where plans, results and failed records are. */
  readonly workBucket: pulumi.Output<string>;
  readonly tasksTable: pulumi.Output<string>;
  readonly stateMachineArn: pulumi.Output<string>;
  readonly unsettledQueueUrl: pulumi.Output<string>;
  readonly functions: Readonly<Record<CatchUpFunctionName, pulumi.Output<string>>>;
  readonly logGroups: Readonly<Record<CatchUpFunctionName, pulumi.Output<string>>>;
}

type CatchUpFunctionName = "api" | "run" | "chunk" | "settle" | "watch";

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
