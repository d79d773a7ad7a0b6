import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../core/collections/clock.ts";
import { CollectionQueue } from "../../core/collections/collection-queue.ts";
import type { CycleParts } from "../../core/collections/cycle-parts.ts";
import { FailureLedger } from "../../core/collections/failure-ledger.ts";
import { Generations } from "../../core/collections/generations.ts";
import { Workspace } from "../../core/collections/workspace.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { collectionOf } from "../../core/receipts/shards.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { Settings } from "./environment.ts";
import type { ShardQueues } from "./shard-queues.ts";

const items = new DynamoDBClient({});
const dynamo = DynamoDBDocumentClient.from(items);
const sqs = new SQSClient({});
const s3 = new S3Client({});

export interface Machine {
  /** File of Chroma's native library. */
  readonly library: string;
  /** Folder on a local disk. */
  readonly scratch: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a cycle of the shard works with. */
export function cycleParts(source: ShardQueues, settings: Settings, machine: Machine): CycleParts {
  const { clock, log, metrics } = machine;
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
