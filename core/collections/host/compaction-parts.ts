import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../deltas/s3-delta-store.ts";
import { CurrentItems } from "../../entities/current-items.ts";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { collectionOf } from "../../receipts/shards.ts";
import { DynamoRunStore } from "../../runs/dynamo-run-store.ts";
import { RunQueues } from "../../runs/run-queues.ts";
import type { Clock } from "../clock.ts";
import type { CycleParts } from "../cycle/cycle-parts.ts";
import { Workspace } from "../cycle/workspace.ts";
import { Generations } from "../generations/generations.ts";
import { CollectionQueue } from "../messages/collection-queue.ts";
import { FailureLedger } from "../messages/failure-ledger.ts";
import type { ShardQueues } from "../messages/shard-queues.ts";
import type { CompactionEnvironment } from "./compaction-environment.ts";

/** An answer that has not come by then never comes: a long poll waits for 20 seconds. */
const patienceMs = 60_000;

/** What a process that compacts calls, for all shards. */
export interface Clients {
  readonly items: DynamoDBClient;
  readonly dynamo: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

/** A call that nobody answers fails, and is tried again, in place of waiting for as long as the process lives. */
export function compactionClients(answeredWithinMs = patienceMs): Clients {
  const options = { requestHandler: { requestTimeout: answeredWithinMs, throwOnRequestTimeout: true } };
  const items = new DynamoDBClient(options);
  const dynamo = DynamoDBDocumentClient.from(items);
  return { items, dynamo, sqs: new SQSClient(options), s3: new S3Client(options) };
}

export interface Machine {
  readonly clients: Clients;
  /** File of Chroma's native library. */
  readonly library: string;
  /** Folder on a local disk. */
  readonly scratch: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a cycle of the shard works with. */
export function cycleParts(
  source: ShardQueues,
  settings: CompactionEnvironment,
  machine: Machine,
): CycleParts {
  const { clock, log, metrics } = machine;
  const { items, dynamo, sqs, s3 } = machine.clients;
  const { shard } = source;
  const model = settings.EMBEDDING_MODEL;
  const dimensions = settings.EMBEDDING_DIMENSIONS;
  const controlTable = settings.CONTROL_TABLE;
  const generations = new Generations(settings.COLLECTIONS_PATH, shard, clock);
  return {
    shard,
    target: { collection: collectionOf(shard), model, dimensions },
    settings: {
      leaseMs: settings.LEASE_SECONDS * 1000,
      leaseWaitMs: settings.LEASE_WAIT_SECONDS * 1000,
      drainMessages: settings.DRAIN_MAX_MESSAGES,
      drainBytes: settings.DRAIN_MAX_MIB * 1024 * 1024,
      drainMs: settings.DRAIN_SECONDS * 1000,
      minPublishIntervalMs: settings.MIN_PUBLISH_INTERVAL_SECONDS * 1000,
      maxFailures: settings.MAX_FAILURES,
      garbage: {
        kept: settings.GENERATIONS_KEPT,
        longestReaderMs: settings.LONGEST_READER_SECONDS * 1000,
      },
    },
    control: { client: dynamo, controlTable },
    runs: new DynamoRunStore({ client: dynamo, receiptsTable: settings.RECEIPTS_TABLE, controlTable }),
    deltas: new S3DeltaStore(s3, settings.DELTAS_BUCKET),
    items: new CurrentItems({ client: items, receiptsTable: settings.RECEIPTS_TABLE, log, pause }),
    queue: new CollectionQueue(sqs, source, log),
    queues: new RunQueues({
      client: sqs,
      queueUrls: { lines: settings.LINES_QUEUE_URLS, words: settings.WORDS_QUEUE_URLS },
      region: settings.AWS_REGION,
    }),
    ledger: new FailureLedger(dynamo, controlTable, shard),
    generations,
    workspace: new Workspace({
      shard,
      generations,
      model,
      dimensions,
      library: machine.library,
      scratch: machine.scratch,
    }),
    clock,
    log,
    metrics,
    onStep: (step) => log.info("Cycle step", { collection: shard, step }),
  };
}
