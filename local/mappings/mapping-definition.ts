/** The parameters of every event source mapping. */
interface AnyMapping {
  readonly uuid: string;
  readonly arn: string;
  readonly eventSourceArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Whether the answer names the items that failed (`ReportBatchItemFailures`). */
  readonly partialFailures: boolean;
  /** Whether its events are counted in CloudWatch (`EventCount`). */
  readonly countsEvents: boolean;
}

export interface QueueMapping extends AnyMapping {
  readonly source: "sqs";
  /** Undefined: as many as AWS starts with. */
  readonly maximumConcurrency: number | undefined;
}

export interface StreamMapping extends AnyMapping {
  readonly source: "dynamodb";
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  /** Concurrent batches of one shard; records of one item always stay in order. */
  readonly parallelizationFactor: number;
  /** -1 for no limit. */
  readonly maximumRetries: number;
  /** -1: any age. */
  readonly maximumAgeSeconds: number;
  readonly bisect: boolean;
  /** Event filter patterns, as JSON; a record is taken if one of them matches. Empty: all are. */
  readonly filters: readonly string[];
  /** ARN of an SQS queue, which gets metadata only, or of an S3 bucket, which gets the records. */
  readonly onFailure: string | undefined;
}

export type MappingDefinition = QueueMapping | StreamMapping;
