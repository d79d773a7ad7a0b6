import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Collection } from "../../contract/collections.ts";
import { runCycle } from "../../core/collections/cycle/cycle.ts";
import type { CycleConfig } from "../../core/collections/cycle/cycle-deps.ts";
import { foldShard } from "../../core/collections/fold/fold.ts";
import type { FoldDeps } from "../../core/collections/fold/fold-deps.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import { type Head, readHead } from "../../core/collections/generations/head.ts";
import { CollectionQueue } from "../../core/collections/messages/collection-queue.ts";
import { FailureLedger } from "../../core/collections/messages/failure-ledger.ts";
import { Workspace } from "../../core/collections/workspace/workspace.ts";
import { deltaPrefix } from "../../core/deltas/keys.ts";
import {
  type ChangeMessage,
  type ChangeMessageBody,
  changeMessage,
} from "../../core/entities/change-message.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import { runMessage } from "../../core/entities/run-message.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { madeCurrent } from "../../core/runs/current-run.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { RunRef } from "../../core/runs/run-store.ts";
import { FolderDeltaStore } from "../contenders/folder-delta-store.ts";
import type { Premises } from "../surroundings.ts";
import { type CollectionAws, region, startCollectionAws } from "./aws.ts";
import { type CycleFigures, figuresOf, foldFiguresOf } from "./cycle-figures.ts";

/**
 * The stack's defaults, but that nothing waits for more changes, that superseded generations go at once, and that there is
 * room above the base for as much as a round adds.
 */
const config: CycleConfig = {
  leaseMs: 60_000,
  leaseWaitMs: 30_000,
  drainMessages: 1_000,
  drainBytes: 32 * 1024 * 1024,
  drainMs: 10_000,
  minPublishIntervalMs: 0,
  maxFailures: 5,
  fold: { foldVectors: 4_000, foldMs: 86_400_000, maxOverlayVectors: 1_000_000 },
  garbage: { kept: 3, maxReaderMs: 0 },
};

/** Longer than any cycle here, so that none leaves something for the next. */
const maxCycleMs = 30 * 60_000;
const timestamp = "2026-11-25T12:00:00.000Z";

export interface CollectionModel {
  readonly collection: Collection;
  readonly model: string;
  readonly dimensions: number;
}

type Envelope = "source" | "changes" | "timestamp" | "stream_record_id" | "aws_region" | "record_snapshot";
/** What a change message says of its own: the kind of item, its keys, and what happened to it. */
export type Change<Body extends ChangeMessageBody = ChangeMessageBody> = Body extends unknown
  ? Omit<Body, Envelope>
  : never;

/** A process that publishes, and one that folds: it keeps its copy of a base from one fold to the next. */
export interface CompactionProcess {
  readonly parts: FoldDeps;
  end(): Promise<void>;
}

/** Everything around the cycles of one collection: real rules, tables, queue, files and Chroma; deltas in a folder. */
export class OneCollection {
  readonly target: CollectionModel;
  readonly aws: CollectionAws;
  readonly deltas: FolderDeltaStore;
  readonly runs: DynamoRunStore;
  readonly generations: Generations;
  readonly premises: Premises;
  #sent = 0;

  private constructor(target: CollectionModel, aws: CollectionAws, premises: Premises) {
    this.target = target;
    this.aws = aws;
    this.premises = premises;
    this.deltas = new FolderDeltaStore(join(premises.folder, "deltas"));
    const { dynamo: client, receiptsTable, controlTable } = aws;
    this.runs = new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable });
    this.generations = new Generations(this.collectionsPath, target.collection, monotonicClock);
  }

  static async start(target: CollectionModel, premises: Premises): Promise<OneCollection> {
    await mkdir(join(premises.folder, "deltas"));
    return new OneCollection(target, await startCollectionAws(join(premises.folder, "aws")), premises);
  }

  stop(): Promise<void> {
    return this.aws.stop();
  }

  /** Folder of all collections, as the shared file system is mounted. */
  get collectionsPath(): string {
    return join(this.premises.folder, "efs");
  }

  head(): Promise<Head | undefined> {
    return readHead(this.aws.dynamo, this.aws.controlTable, this.target.collection);
  }

  /** Makes a run current and queues it, as embed and the stream processor do. Its delta is stored. */
  async openRun(run: RunRef): Promise<void> {
    const { collection } = this.target;
    const { imageId, receiptId, runId } = run;
    const prefixOf = (one: Collection) => deltaPrefix({ ...run, collection: one });
    await this.runs.moveCurrent(
      { imageId, receiptId },
      undefined,
      madeCurrent(undefined, { runId, attempt: 1 }, 1),
    );
    const deltaPrefixes = { lines: prefixOf("lines"), words: prefixOf("words") };
    await this.runs.open({ ...run, rejectedRows: 0, deltaPrefixes });
    const ids = { deduplicationId: this.#nextId(), timestamp, awsRegion: region };
    await this.#send(runMessage({ run, collection, deltaPrefix: deltaPrefixes[collection], ...ids }));
  }

  /** Puts an item into the receipts table, as an application does. */
  async put(item: Record<string, unknown>): Promise<void> {
    await this.aws.dynamo.send(new PutCommand({ TableName: this.aws.receiptsTable, Item: item }));
  }

  /** Queues what the stream processor makes of a change of the receipts table. */
  async announce(change: Change): Promise<void> {
    const body = {
      ...change,
      source: "dynamodb_stream",
      changes: {},
      timestamp,
      stream_record_id: null,
      aws_region: region,
      record_snapshot: null,
    } as const;
    await this.#send(changeMessage(body, this.target.collection, this.#nextId()));
  }

  /** A cold one: it holds no generation. */
  async process(): Promise<CompactionProcess> {
    const { aws, target, runs, deltas, generations } = this;
    const { folder, library } = this.premises;
    const { collection: shard } = target;
    const scratch = await mkdtemp(join(folder, "process-"));
    const workspace = new Workspace({ ...target, shard, generations, library, scratch });
    const parts: FoldDeps = {
      shard,
      target,
      config,
      control: { client: aws.dynamo, controlTable: aws.controlTable },
      runs,
      deltas,
      items: new CurrentItems({
        client: aws.items,
        receiptsTable: aws.receiptsTable,
        log: silentLog,
        clock: monotonicClock,
      }),
      queue: new CollectionQueue(aws.sqs, aws.queues, silentLog),
      queues: new RunQueues({ client: aws.sqs, queueUrls: { lines: [], words: [] }, region }),
      ledger: new FailureLedger(aws.dynamo, aws.controlTable, shard),
      generations,
      folds: { ask: async () => undefined },
      workspace,
      clock: monotonicClock,
      log: silentLog,
      metrics: silentMetrics,
      onStep: () => undefined,
    };
    const end = async () => {
      await workspace.discard();
      await rm(scratch, { recursive: true });
    };
    return { parts, end };
  }

  /** One publish of all `messages` that are queued. Throws CycleIncompleteError. */
  publish({ parts: { workspace: _, ...parts } }: CompactionProcess, messages: number): Promise<CycleFigures> {
    return figuresOf(messages, (log) => runCycle({ ...parts, log }, [], monotonicClock.now() + maxCycleMs));
  }

  /** One fold of whatever lies above the base. Throws CycleIncompleteError. */
  async fold({ parts }: CompactionProcess): Promise<CycleFigures> {
    const head = await this.head();
    const request = { reason: "overlay", found: head?.overlay?.database ?? null } as const;
    return foldFiguresOf((log) => foldShard({ ...parts, log }, request, monotonicClock.now() + maxCycleMs));
  }

  async #send({ body, groupId, deduplicationId, messageAttributes }: ChangeMessage): Promise<void> {
    await this.aws.sqs.send(
      new SendMessageCommand({
        QueueUrl: this.aws.queues.queue,
        MessageBody: body,
        MessageAttributes: messageAttributes,
        MessageGroupId: groupId,
        MessageDeduplicationId: deduplicationId,
      }),
    );
  }

  #nextId(): string {
    this.#sent += 1;
    return `bench-${this.#sent}`;
  }
}
