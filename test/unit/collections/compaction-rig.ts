import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { Collection } from "../../../contract/collections.ts";
import { collectionOf, type ShardName } from "../../../contract/collections.ts";
import { sortRecords } from "../../../core/changes/sort-records.ts";
import { type Watched, whole } from "../../../core/changes/watched.ts";
import { baseWriter } from "../../../core/collections/base/base-cycle.ts";
import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { runCycle } from "../../../core/collections/cycle/cycle.ts";
import type { CycleConfig, CycleDeps, Step } from "../../../core/collections/cycle/cycle-deps.ts";
import { answerFoldRequest } from "../../../core/collections/fold/answer-fold-request.ts";
import { type FoldOutcome, foldShard } from "../../../core/collections/fold/fold.ts";
import type { FoldDeps } from "../../../core/collections/fold/fold-deps.ts";
import type { FoldRules } from "../../../core/collections/generations/fold-due.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import { readHead } from "../../../core/collections/generations/head.ts";
import {
  type PublishedFiles,
  withPublishedCopy,
} from "../../../core/collections/generations/published-copy.ts";
import { acquireLease, leaseKinds } from "../../../core/collections/lease/lease.ts";
import { CollectionQueue } from "../../../core/collections/messages/collection-queue.ts";
import { FailureLedger } from "../../../core/collections/messages/failure-ledger.ts";
import { FoldQueue } from "../../../core/collections/messages/fold-queue.ts";
import { type FoldRequest, parseFoldRequest } from "../../../core/collections/messages/fold-request.ts";
import { Workspace } from "../../../core/collections/workspace/workspace.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import type { DeltaStore } from "../../../core/deltas/delta-store.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { CurrentItems } from "../../../core/entities/current-items.ts";
import { runMessage } from "../../../core/entities/run-message.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { hastyClock, ManualClock } from "../resilience/clocks.ts";
import { makeCurrent } from "../runs/current.ts";
import { Tables } from "../runs/tables.ts";
import { chromaLibrary } from "./chroma.ts";
import { MemorySqs } from "./memory-queue.ts";
import { dimensions, model } from "./sample-deltas.ts";

export const queueUrl = "https://sqs.local/collection.fifo";
export const deadLetterUrl = "https://sqs.local/collection-dead-letters.fifo";
/** Where the shards of a stack ask for folds. */
export const foldUrl = "https://sqs.local/fold.fifo";

const defaults: CycleConfig = {
  leaseMs: 5_000,
  leaseWaitMs: 200,
  drainMessages: 100,
  drainBytes: 1024 * 1024,
  drainMs: 1_000,
  minPublishIntervalMs: 0,
  maxFailures: 3,
  fold: { foldVectors: 4_000, foldMs: 3_600_000, maxOverlayVectors: 20_000 },
  garbage: { kept: 2, maxReaderMs: 60_000 },
};

export interface RigConfig extends Partial<Omit<CycleConfig, "fold"> & FoldRules> {
  /**
   * Its cycles are those of a repair: they take what is queued, and each writes a base. The others are those of a
   * deployment, which write segments and ask for folds.
   */
  readonly writesBases?: boolean;
}

/** What a process of both kinds works with: one that publishes, and one that folds. */
export interface RigDeps extends FoldDeps {
  /** Where folds are asked for, as the process that folds receives from it. */
  readonly foldRequests: CollectionQueue;
}

/** What the shards of a stack share. */
interface Surroundings {
  readonly tables: Tables;
  readonly sqs: MemorySqs;
  readonly bucket: Map<string, Uint8Array>;
  readonly folder: string;
  readonly library: string;
}

/** Everything around a cycle of one shard: real rules, tables, files and Chroma; queue and bucket in memory. */
export class CompactionRig {
  readonly shard: ShardName;
  readonly collection: Collection;
  readonly queues: { readonly queue: string; readonly deadLetters: string };
  readonly tables: Tables;
  readonly sqs: MemorySqs;
  readonly bucket: Map<string, Uint8Array>;
  readonly runs: DynamoRunStore;
  readonly items: CurrentItems;
  readonly generations: Generations;
  /** Metrics so far, by name. */
  readonly counted = new Map<string, number>();
  readonly #surroundings: Surroundings;
  #revision = 0;
  #sequence = 0;

  private constructor(shard: ShardName, surroundings: Surroundings, queues = queuesOf(shard)) {
    const { tables, sqs, bucket, folder } = surroundings;
    this.shard = shard;
    this.collection = collectionOf(shard);
    this.queues = queues;
    this.tables = tables;
    this.sqs = sqs;
    this.bucket = bucket;
    this.#surroundings = surroundings;
    this.runs = new DynamoRunStore(tables);
    this.items = new CurrentItems({
      client: tables.dynamo,
      receiptsTable: tables.receiptsTable,
      log: silentLog,
      clock: monotonicClock,
    });
    // The minute that a reader waits for a folder takes no time here.
    this.generations = new Generations(join(folder, "efs"), shard, hastyClock());
  }

  static async start(shard: ShardName = "lines"): Promise<CompactionRig> {
    const surroundings = {
      tables: await Tables.start(),
      sqs: new MemorySqs(),
      bucket: new Map(),
      folder: await mkdtemp(join(tmpdir(), "vectorkeep-test-")),
      library: await chromaLibrary(),
    };
    return new CompactionRig(shard, surroundings, { queue: queueUrl, deadLetters: deadLetterUrl });
  }

  get deltas(): DeltaStore {
    return {
      get: async (key) => this.bucket.get(key),
      has: async (key) => this.bucket.has(key),
      put: async () => undefined,
    };
  }

  /** Another shard of the same stack. It stops with this one. */
  beside(shard: ShardName): CompactionRig {
    return new CompactionRig(shard, this.#surroundings);
  }

  /** Where its generations are, and what opens a copy of them. */
  async files(): Promise<PublishedFiles> {
    const { folder, library } = this.#surroundings;
    return {
      collectionsPath: join(folder, "efs"),
      library,
      scratch: await mkdtemp(join(folder, "reader-")),
      deltas: this.deltas,
    };
  }

  async stop(): Promise<void> {
    await this.tables.stop();
    await rm(this.#surroundings.folder, { recursive: true, force: true });
  }

  /** The parts of a cold process. */
  async process(
    { writesBases = false, foldVectors, foldMs, maxOverlayVectors, ...config }: RigConfig = {},
    onStep: (step: Step) => void = () => undefined,
  ): Promise<RigDeps> {
    const { folder, library } = this.#surroundings;
    const scratch = await mkdtemp(join(folder, "process-"));
    const { shard, generations } = this;
    const { client, controlTable } = this.tables;
    const target = { collection: this.collection, model, dimensions } as const;
    const workspace = new Workspace({ shard, generations, model, dimensions, library, scratch });
    const fold = {
      ...defaults.fold,
      ...(foldVectors !== undefined && { foldVectors }),
      ...(foldMs !== undefined && { foldMs }),
      ...(maxOverlayVectors !== undefined && { maxOverlayVectors }),
    };
    return {
      shard,
      target,
      config: { ...defaults, ...config, fold },
      control: { client, controlTable },
      runs: this.runs,
      deltas: this.deltas,
      items: this.items,
      queue: new CollectionQueue(this.sqs.client, this.queues, silentLog),
      queues: new RunQueues({
        client: this.sqs.client,
        queueUrls: {
          lines: ["https://sqs.local/elsewhere.fifo"],
          words: ["https://sqs.local/elsewhere.fifo"],
          [this.collection]: [this.queues.queue],
        },
        region: "us-east-1",
      }),
      ledger: new FailureLedger(client, controlTable, shard),
      generations,
      folds: new FoldQueue(this.sqs.client, foldUrl, monotonicClock),
      foldRequests: new CollectionQueue(this.sqs.client, { queue: foldUrl, deadLetters: foldUrl }, silentLog),
      workspace,
      ...(writesBases && { base: baseWriter(workspace) }),
      clock: monotonicClock,
      log: silentLog,
      metrics: {
        ...silentMetrics,
        count: (name, value) => this.counted.set(name, (this.counted.get(name) ?? 0) + value),
      },
      onStep,
    };
  }

  /** Folds of the shard that were asked for and are not done. */
  get asked(): FoldRequest[] {
    const { messages } = this.sqs.at(foldUrl);
    return messages
      .filter(({ groupId }) => groupId === this.shard)
      .map(({ body }) => parseFoldRequest(body, [this.shard]));
  }

  /**
   * As the mapping of the fold's queue does: delivers one request after the other, and deletes those that are answered.
   * Resolves to how many are; what has to wait stays hidden. Rejects with what a fold failed with.
   */
  async foldWhatIsAsked(parts?: RigDeps): Promise<number> {
    const deps = parts ?? (await this.process());
    for (let answered = 0; ; ) {
      const [message] = this.sqs.deliver(foldUrl, 1);
      if (message === undefined) return answered;
      const { base: _, ...folding } = deps;
      const answering = { shards: [this.shard], depsOf: () => folding, queue: deps.foldRequests };
      if (!(await answerFoldRequest(answering, message, monotonicClock.now() + 60_000))) continue;
      this.sqs.at(foldUrl).delete(message.messageId);
      answered += 1;
    }
  }

  /**
   * Runs cycles, and the folds that they ask for, until the queue is empty. What waits to be redelivered is, at once.
   */
  async compact(config?: RigConfig): Promise<void> {
    const parts = await this.process(config);
    while (this.sqs.at(this.queues.queue).messages.length > 0) {
      await this.invoke(parts);
      await this.foldWhatIsAsked();
      this.sqs.reveal(this.queues.queue);
    }
  }

  /**
   * Takes the leases of processes that died, as another one does after a whole lease time, and leaves them. Leases of a second or so, waited for in earnest, would be lost by the living on a busy machine.
   */
  async outliveDead(): Promise<void> {
    const { client, controlTable } = this.tables;
    const { shard } = this;
    for (const kind of leaseKinds) {
      const clock = new ManualClock();
      const options = { client, controlTable, shard, clock, leaseMs: defaults.leaseMs, kind };
      const lease = await acquireLease(options, { waitMs: 60_000, maxWaitMs: 60_000 });
      if (lease === undefined) throw new Error(`A process that lives holds the lease of ${shard}.`);
      await lease.release();
    }
  }

  /** Folds whatever lies above the base, as if it had lain there for long. */
  async foldNow(parts?: RigDeps): Promise<FoldOutcome> {
    const { base: _, ...deps } = parts ?? (await this.process());
    const { client, controlTable } = this.tables;
    const head = await readHead(client, controlTable, this.shard);
    const request = { reason: "age", found: head?.overlay?.database ?? null } as const;
    return foldShard(deps, request, monotonicClock.now() + 60_000);
  }

  /** As a mapping does: delivers what can be received and deletes what the function does not name. */
  async invoke(parts: CycleDeps, most = 10): Promise<readonly string[]> {
    const delivered = this.sqs.deliver(this.queues.queue, most);
    const { returned } = await runCycle(parts, delivered, monotonicClock.now() + 60_000);
    const named = new Set(returned.map(({ messageId }) => messageId));
    for (const { messageId } of delivered)
      if (!named.has(messageId)) this.sqs.at(this.queues.queue).delete(messageId);
    return [...named];
  }

  /**
   * As embed and the stream processor do: stores the delta, makes its run current, opens it and sends its message.
   * A run that is known is opened again.
   */
  async embed(delta: Delta, revision = this.#revision + 1): Promise<void> {
    const name = { ...delta, collection: this.collection };
    this.#revision = Math.max(this.#revision, revision);
    this.bucket.set(deltaKey(deltaPrefix(name)), encodeDelta(delta));
    const attempt = ((await this.runs.find(delta))?.attempts ?? 0) + 1;
    await makeCurrent(this.runs, delta, { runId: delta.runId, revision, attempt });
    await this.runs.open({
      imageId: delta.imageId,
      receiptId: delta.receiptId,
      runId: delta.runId,
      rejectedRows: 0,
      deltaPrefixes: {
        lines: deltaPrefix({ ...name, collection: "lines" }),
        words: deltaPrefix({ ...name, collection: "words" }),
      },
    });
    await this.runs.reopen(delta, attempt);
    this.send(delta, attempt === 1 ? `event-${delta.runId}` : `${delta.runId}-${attempt}`);
  }

  send(delta: Delta, deduplicationId: string): void {
    const { body, groupId } = runMessage({
      run: delta,
      collection: this.collection,
      deltaPrefix: deltaPrefix({ ...delta, collection: this.collection }),
      deduplicationId,
      timestamp: "2026-11-22T05:00:00.000Z",
      awsRegion: "us-east-1",
    });
    this.#enqueue(body, groupId, deduplicationId);
  }

  /** Puts an item into the receipts table. Resolves to the record that the table's stream has of it. */
  async put(key: ItemKey, attributes: Record<string, unknown> = {}, seconds = this.#nextSecond()) {
    const item = { ...key, ...attributes };
    const { client, receiptsTable } = this.tables;
    const { Attributes } = await client.send(
      new PutCommand({ TableName: receiptsTable, Item: item, ReturnValues: "ALL_OLD" }),
    );
    return this.#record(Attributes ? "MODIFY" : "INSERT", key, seconds, Attributes, item);
  }

  /** Deletes an item that is there. Resolves to the record that the table's stream has of it. */
  async remove(key: ItemKey, seconds = this.#nextSecond()) {
    const { client, receiptsTable } = this.tables;
    const { Attributes } = await client.send(
      new DeleteCommand({ TableName: receiptsTable, Key: { ...key }, ReturnValues: "ALL_OLD" }),
    );
    if (!Attributes) throw new Error(`There is no item ${key.PK} ${key.SK} to remove.`);
    return this.#record("REMOVE", key, seconds, Attributes, undefined);
  }

  /** As the stream processor does: queues what the records say to the collection. */
  announce(records: readonly unknown[], watched: Watched = whole): void {
    for (const { body, groupId = "", deduplicationId = "" } of sortRecords(records, watched).boxes[
      this.collection
    ].messages) {
      this.#enqueue(body, groupId, deduplicationId);
    }
  }

  async head(): Promise<string | undefined> {
    const { client, controlTable } = this.tables;
    return (await readHead(client, controlTable, this.shard))?.name;
  }

  /** Id to document of what is published, read as a reader does. */
  async published(deltas: readonly Delta[]): Promise<Record<string, string>> {
    const stored = await this.publishedVectors(deltas);
    return Object.fromEntries(stored.map(({ id, document }) => [id, document]));
  }

  /** All that is published; it must be of these deltas' receipts. */
  async publishedVectors(deltas: readonly Delta[]): Promise<StoredVector[]> {
    const head = await this.head();
    if (head === undefined) return [];
    return withPublishedCopy(await this.files(), this.shard, head, async (published, { count }) => {
      const stored = await published.read(await published.idsOf(deltas));
      expect(stored).toHaveLength(count);
      expect(published.unreadable.size).toBe(0);
      const all: string[] = [];
      for await (const page of published.pages()) all.push(...page.map(({ id }) => id));
      expect(all.sort()).toEqual(stored.map(({ id }) => id).sort());
      return stored;
    });
  }

  async stateOf(delta: Delta) {
    return (await this.runs.find(delta))?.halves[this.collection];
  }

  #enqueue(body: string, groupId: string, deduplicationId: string): void {
    const attributes = { collection: this.collection };
    this.sqs.at(this.queues.queue).send({ body, groupId, deduplicationId, attributes });
  }

  /** A revision of the rig is a millisecond, so a second is later than any of them before a million. */
  #nextSecond(): number {
    return 1_000 + this.#sequence;
  }

  #record(eventName: string, Keys: ItemKey, seconds: number, before?: object, after?: object) {
    this.#sequence += 1;
    return {
      eventID: `record-${this.#sequence}`,
      eventName,
      awsRegion: "us-east-1",
      dynamodb: {
        ApproximateCreationDateTime: seconds,
        Keys: marshall(Keys),
        SequenceNumber: String(this.#sequence),
        ...(before && { OldImage: marshall(before) }),
        ...(after && { NewImage: marshall(after) }),
      },
    };
  }
}

function queuesOf(shard: ShardName) {
  return {
    queue: `https://sqs.local/${shard}.fifo`,
    deadLetters: `https://sqs.local/${shard}-dead-letters.fifo`,
  };
}

export interface ItemKey {
  readonly PK: string;
  readonly SK: string;
}
