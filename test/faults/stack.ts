import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import { chromaLibrary } from "../unit/collections/chroma.ts";
import { dimensions, model } from "../unit/collections/sample-deltas.ts";
import type { FaultyAws } from "./aws/faulty-aws.ts";
import { CycleProcess, type CycleProcessOptions } from "./process/cycle-process.ts";
import { StreamOfTable } from "./stream-of-table.ts";

/** Seconds; the shortest there is, so that a dead holder is soon replaced. */
export const leaseSeconds = 1;

export interface StackOptions {
  readonly leaseSeconds?: number;
  readonly maxFailures?: number;
  /** @default so few that a scenario writes segments and bases */
  readonly foldVectors?: number;
  /** @default so few that new receipts wait for folds */
  readonly maxOverlayVectors?: number;
  /** Where the collections, or the scratch folders, are instead of in the stack's own folder. */
  readonly disks?: { readonly collections?: string; readonly scratch?: string };
}

interface Resources {
  readonly folder: string;
  readonly library: string;
  readonly receiptsStream: StreamOfTable;
  readonly controlStream: StreamOfTable;
  readonly queueUrls: Readonly<Record<`${Collection | "fold"}${"" | "-dead-letters"}`, string>>;
}

/** The tables, queues, bucket and files of one stack, made for one test, on services that several share. */
export class Stack {
  readonly name: string;
  readonly receiptsTable: string;
  readonly controlTable: string;
  readonly bucket: string;
  readonly folder: string;
  readonly library: string;
  readonly collectionsPath: string;
  readonly queueUrls: Resources["queueUrls"];
  readonly receiptsStream: StreamOfTable;
  readonly controlStream: StreamOfTable;
  readonly sqs: SQSClient;
  readonly client: DynamoDBDocumentClient;
  readonly runs: DynamoRunStore;
  readonly queues: RunQueues;
  readonly deltas: S3DeltaStore;
  readonly s3: S3Client;
  readonly aws: FaultyAws;
  readonly #options: StackOptions;
  readonly #processes = new Set<CycleProcess>();
  #sound: Promise<CycleProcess> | undefined;
  readonly #clients: readonly { destroy(): void }[];

  private constructor(aws: FaultyAws, clients: Clients, resources: Resources & Names, options: StackOptions) {
    const { folder, library, queueUrls, receiptsTable, controlTable, bucket } = resources;
    const { dynamo, sqs, s3 } = clients;
    this.aws = aws;
    this.name = resources.name;
    this.receiptsTable = receiptsTable;
    this.controlTable = controlTable;
    this.bucket = bucket;
    this.folder = folder;
    this.library = library;
    this.queueUrls = queueUrls;
    this.receiptsStream = resources.receiptsStream;
    this.controlStream = resources.controlStream;
    this.collectionsPath = join(options.disks?.collections ?? folder, "efs");
    this.sqs = sqs;
    this.client = DynamoDBDocumentClient.from(dynamo);
    this.runs = new DynamoRunStore({ client: this.client, sourceTable: receiptsTable, controlTable });
    this.queues = new RunQueues({
      client: sqs,
      queueUrls: { lines: [queueUrls.lines], words: [queueUrls.words] },
      region: "us-east-1",
    });
    this.deltas = new S3DeltaStore(s3, bucket);
    this.s3 = s3;
    this.#options = options;
    this.#clients = [dynamo, sqs, s3];
  }

  static async create(aws: FaultyAws, options: StackOptions = {}): Promise<Stack> {
    const clients: Clients = {
      dynamo: new DynamoDBClient(aws.client),
      sqs: new SQSClient(aws.client),
      s3: new S3Client({ ...aws.client, forcePathStyle: true }),
    };
    const name = randomUUID().slice(0, 8);
    const names = {
      name,
      receiptsTable: `receipts-${name}`,
      controlTable: `control-${name}`,
      bucket: `deltas-${name}`,
    };
    const [receiptsStream, controlStream] = await Promise.all([
      createTable(aws, clients.dynamo, names.receiptsTable),
      createTable(aws, clients.dynamo, names.controlTable),
    ]);
    await clients.s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
    const folder = await mkdtemp(join(tmpdir(), "vectorkeep-faults-"));
    const resources = {
      ...names,
      folder,
      library: await chromaLibrary(),
      receiptsStream,
      controlStream,
      queueUrls: await createQueues(clients.sqs, name),
    };
    const stack = new Stack(aws, clients, resources, options);
    await mkdir(stack.collectionsPath, { recursive: true });
    return stack;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.end()));
    for (const client of this.#clients) client.destroy();
    await rm(this.folder, { recursive: true, force: true });
  }

  generationsOf(collection: Collection): Generations {
    return new Generations(this.collectionsPath, collection, monotonicClock);
  }

  /** The process that nothing happens to. It stays warm. */
  sound(): Promise<CycleProcess> {
    this.#sound ??= this.process();
    return this.#sound;
  }

  /** A cold process of the compaction function. */
  async process(
    options: Pick<CycleProcessOptions, "harms" | "slowMs" | "wallClockOffByMs" | "maxFileBytes"> = {},
  ) {
    const folder = this.#options.disks?.scratch ?? this.folder;
    const started = await CycleProcess.start({
      ...options,
      environment: this.#environment(),
      library: this.library,
      folder,
    });
    this.#processes.add(started);
    return started;
  }

  #environment(): Record<string, string> {
    const settings = {
      RECEIPTS_TABLE: this.receiptsTable,
      CONTROL_TABLE: this.controlTable,
      DELTAS_BUCKET: this.bucket,
      LINES_QUEUE_URLS: this.queueUrls.lines,
      WORDS_QUEUE_URLS: this.queueUrls.words,
      LINES_DEAD_LETTER_QUEUE_URLS: this.queueUrls["lines-dead-letters"],
      WORDS_DEAD_LETTER_QUEUE_URLS: this.queueUrls["words-dead-letters"],
      COLLECTIONS_PATH: this.collectionsPath,
      EMBEDDING_MODEL: model,
      EMBEDDING_DIMENSIONS: dimensions,
      EMBEDDING_MAX_INPUTS_PER_REQUEST: "2048",
      LEASE_SECONDS: this.#options.leaseSeconds ?? leaseSeconds,
      LEASE_WAIT_SECONDS: 10,
      DRAIN_MAX_MESSAGES: 100,
      DRAIN_MAX_MIB: 1,
      DRAIN_SECONDS: 1,
      MIN_PUBLISH_INTERVAL_SECONDS: 0,
      GENERATIONS_KEPT: 2,
      MAX_READER_SECONDS: 60,
      MAX_FAILURES: this.#options.maxFailures ?? 3,
      FOLD_QUEUE_URL: this.queueUrls.fold,
      FOLD_VECTORS: this.#options.foldVectors ?? 3,
      FOLD_HOURS: 24,
      MAX_OVERLAY_VECTORS: this.#options.maxOverlayVectors ?? 12,
    };
    const strings = Object.entries(settings).map(([name, value]) => [name, String(value)]);
    return { ...this.aws.environment, ...Object.fromEntries(strings) };
  }
}

interface Names {
  readonly name: string;
  readonly receiptsTable: string;
  readonly controlTable: string;
  readonly bucket: string;
}

interface Clients {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

async function createTable(aws: FaultyAws, dynamo: DynamoDBClient, table: string): Promise<StreamOfTable> {
  const { TableDescription } = await dynamo.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "PK", AttributeType: "S" },
        { AttributeName: "SK", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "PK", KeyType: "HASH" },
        { AttributeName: "SK", KeyType: "RANGE" },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  return StreamOfTable.open(aws, TableDescription?.LatestStreamArn ?? "");
}

async function createQueues(sqs: SQSClient, name: string): Promise<Resources["queueUrls"]> {
  const create = async (queue: string) => {
    const { QueueUrl = "" } = await sqs.send(
      new CreateQueueCommand({
        QueueName: `${queue}-${name}.fifo`,
        // A process that dies before it has hidden its messages itself leaves them hidden for so long.
        Attributes: { FifoQueue: "true", VisibilityTimeout: "180" },
      }),
    );
    return [queue, QueueUrl] as const;
  };
  const names = [...collections, "fold"].flatMap((name) => [name, `${name}-dead-letters`]);
  return Object.fromEntries(await Promise.all(names.map(create))) as Resources["queueUrls"];
}
