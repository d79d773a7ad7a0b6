import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collectionOf } from "../../../contract/collections.ts";
import { S3DeltaStore } from "../../deltas/s3-delta-store.ts";
import { CurrentItems } from "../../entities/current-items.ts";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Clock } from "../../resilience/clock.ts";
import { systemClock } from "../../resilience/clock.ts";
import { DynamoRunStore } from "../../runs/dynamo-run-store.ts";
import { RunQueues } from "../../runs/run-queues.ts";
import type { CycleDeps } from "../cycle/cycle-deps.ts";
import { Generations } from "../generations/generations.ts";
import { CollectionQueue } from "../messages/collection-queue.ts";
import { FailureLedger } from "../messages/failure-ledger.ts";
import { FoldQueue } from "../messages/fold-queue.ts";
import type { ShardQueues } from "../messages/shard-queues.ts";
import type { CompactionConfig } from "./collections-config.ts";

/** Longer than any response takes; a long poll waits 20 seconds. */
const maxWaitMs = 60_000;

/** The AWS clients of a process that compacts; all shards share them. */
export interface Clients {
  readonly items: DynamoDBClient;
  readonly dynamo: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

/** A request without a response times out and is retried, instead of blocking for the lifetime of the process. */
export function compactionClients(answeredWithinMs = maxWaitMs): Clients {
  const options = { requestHandler: { requestTimeout: answeredWithinMs, throwOnRequestTimeout: true } };
  const items = new DynamoDBClient(options);
  const dynamo = DynamoDBDocumentClient.from(items);
  return { items, dynamo, sqs: new SQSClient(options), s3: new S3Client(options) };
}

export interface Machine {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The dependencies of a cycle that publishes segments of this shard. It opens no database. */
export function cycleDeps(source: ShardQueues, config: CompactionConfig, machine: Machine): CycleDeps {
  const { clock, log, metrics } = machine;
  const { items, dynamo, sqs, s3 } = machine.clients;
  const { shard } = source;
  const model = config.EMBEDDING_MODEL;
  const dimensions = config.EMBEDDING_DIMENSIONS;
  const controlTable = config.CONTROL_TABLE;
  const generations = new Generations(config.COLLECTIONS_PATH, shard, clock);
  return {
    shard,
    target: { collection: collectionOf(shard), model, dimensions },
    config: {
      leaseMs: config.LEASE_SECONDS * 1000,
      leaseWaitMs: config.LEASE_WAIT_SECONDS * 1000,
      drainMessages: config.DRAIN_MAX_MESSAGES,
      drainBytes: config.DRAIN_MAX_MIB * 1024 * 1024,
      drainMs: config.DRAIN_SECONDS * 1000,
      minPublishIntervalMs: config.MIN_PUBLISH_INTERVAL_SECONDS * 1000,
      maxFailures: config.MAX_FAILURES,
      fold: {
        foldVectors: config.FOLD_VECTORS,
        foldMs: config.FOLD_HOURS * 3_600_000,
        maxOverlayVectors: config.MAX_OVERLAY_VECTORS,
      },
      garbage: {
        kept: config.GENERATIONS_KEPT,
        maxReaderMs: config.MAX_READER_SECONDS * 1000,
      },
    },
    control: { client: dynamo, controlTable },
    runs: new DynamoRunStore({ client: dynamo, sourceTable: config.RECEIPTS_TABLE, controlTable }),
    deltas: new S3DeltaStore(s3, config.DELTAS_BUCKET),
    items: new CurrentItems({ client: items, receiptsTable: config.RECEIPTS_TABLE, log, clock: systemClock }),
    queue: new CollectionQueue(sqs, source, log),
    queues: RunQueues.of(config, sqs),
    ledger: new FailureLedger(dynamo, controlTable, shard),
    generations,
    folds: new FoldQueue(sqs, config.FOLD_QUEUE_URL, clock),
    clock,
    log,
    metrics,
    onStep: (step) => log.info("Cycle step", { shard, step }),
  };
}
