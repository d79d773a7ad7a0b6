import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaServer } from "../../../core/collections/chroma-server.ts";
import { ChromaVectorStore } from "../../../core/collections/chroma-vector-store.ts";
import { monotonicClock } from "../../../core/collections/clock.ts";
import { CollectionQueue } from "../../../core/collections/collection-queue.ts";
import { type CycleParts, type CycleSettings, runCycle, type Step } from "../../../core/collections/cycle.ts";
import { FailureLedger } from "../../../core/collections/failure-ledger.ts";
import { Generations } from "../../../core/collections/generations.ts";
import { readHead } from "../../../core/collections/head.ts";
import { Workspace } from "../../../core/collections/workspace.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { silentLog } from "../../../core/log.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { runMessage } from "../../../core/runs/run-message.ts";
import { Tables } from "../runs/tables.ts";
import { chromaLibrary } from "./chroma.ts";
import { MemorySqs } from "./memory-queue.ts";
import { dimensions, model } from "./sample-deltas.ts";

export const queueUrl = "https://sqs.local/lines.fifo";
export const deadLetterUrl = "https://sqs.local/lines-dead-letters.fifo";

const defaults: CycleSettings = {
  leaseMs: 5_000,
  leaseWaitMs: 200,
  drainMessages: 100,
  drainMs: 1_000,
  minPublishIntervalMs: 0,
  maxFailures: 3,
  garbage: { kept: 2, longestReaderMs: 60_000 },
};

/** Everything around a cycle of the collection `lines`: real rules, tables, files and Chroma; queue and bucket in memory. */
export class CompactionRig {
  readonly tables: Tables;
  readonly sqs = new MemorySqs();
  readonly bucket = new Map<string, Uint8Array>();
  readonly runs: DynamoRunStore;
  readonly generations: Generations;
  readonly #folder: string;
  readonly #library: string;
  #revision = 0;

  private constructor(tables: Tables, folder: string, library: string) {
    this.tables = tables;
    this.#folder = folder;
    this.#library = library;
    this.runs = new DynamoRunStore(tables);
    this.generations = new Generations(join(folder, "efs"), "lines", monotonicClock);
  }

  static async start(): Promise<CompactionRig> {
    const folder = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
    return new CompactionRig(await Tables.start(), folder, await chromaLibrary());
  }

  async stop(): Promise<void> {
    await this.tables.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The parts of a cold process. */
  async process(settings: Partial<CycleSettings> = {}, onStep: (step: Step) => void = () => undefined) {
    const scratch = await mkdtemp(join(this.#folder, "process-"));
    const { client, controlTable } = this.tables;
    const target = { collection: "lines", model, dimensions } as const;
    const parts: CycleParts = {
      target,
      settings: { ...defaults, ...settings },
      control: { client, controlTable },
      runs: this.runs,
      deltas: { get: async (key) => this.bucket.get(key), put: async () => undefined },
      queue: new CollectionQueue(this.sqs.client, { queue: queueUrl, deadLetters: deadLetterUrl }, silentLog),
      ledger: new FailureLedger(client, controlTable, "lines"),
      generations: this.generations,
      workspace: new Workspace({ ...target, generations: this.generations, library: this.#library, scratch }),
      clock: monotonicClock,
      log: silentLog,
      onStep,
    };
    return parts;
  }

  /** As a mapping does: delivers what can be received and deletes what the function does not name. */
  async invoke(parts: CycleParts, most = 10): Promise<readonly string[]> {
    const delivered = this.sqs.deliver(queueUrl, most);
    const comeAgain = await runCycle(parts, delivered, monotonicClock.now() + 60_000);
    const named = new Set(comeAgain.map(({ messageId }) => messageId));
    for (const { messageId } of delivered) if (!named.has(messageId)) this.sqs.at(queueUrl).delete(messageId);
    return [...named];
  }

  /** As embed and the stream processor do: stores the delta, makes its run current, opens it and sends its message. */
  async embed(delta: Delta): Promise<void> {
    const name = { ...delta, collection: "lines" as const };
    this.bucket.set(deltaKey(deltaPrefix(name)), encodeDelta(delta));
    this.#revision += 1;
    const current = { runId: delta.runId, revision: this.#revision, state: "ACTIVE", attempt: 1 } as const;
    await this.runs.makeCurrent(delta, current);
    await this.runs.open({
      imageId: delta.imageId,
      receiptId: delta.receiptId,
      runId: delta.runId,
      rejectedRows: 0,
      deltaPrefixes: { lines: deltaPrefix(name), words: deltaPrefix({ ...name, collection: "words" }) },
    });
    this.send(delta, `event-${delta.runId}`);
  }

  send(delta: Delta, deduplicationId: string): void {
    const { body, groupId } = runMessage({
      run: delta,
      collection: "lines",
      deltaPrefix: deltaPrefix({ ...delta, collection: "lines" }),
      deduplicationId,
      timestamp: "2026-11-22T05:00:00.000Z",
      awsRegion: "us-east-1",
    });
    this.sqs.at(queueUrl).send({ body, groupId, deduplicationId, attributes: { collection: "lines" } });
  }

  async head(): Promise<string | undefined> {
    const { client, controlTable } = this.tables;
    return (await readHead(client, controlTable, "lines"))?.name;
  }

  /** Id to document of what is published, read as a reader does. */
  async published(deltas: readonly Delta[]): Promise<Record<string, string>> {
    const head = await this.head();
    if (head === undefined) return {};
    const path = await mkdtemp(join(this.#folder, "reader-"));
    const { count } = await this.generations.copyTo(path, head);
    const server = await ChromaServer.start({ library: this.#library, path });
    try {
      const store = await ChromaVectorStore.open(server, "lines");
      const stored = await store.read(await store.idsOf(deltas));
      expect(await store.count()).toBe(count);
      expect(stored).toHaveLength(count);
      return Object.fromEntries(stored.map(({ id, document }) => [id, document]));
    } finally {
      await server.stop();
    }
  }

  async stateOf(delta: Delta) {
    return (await this.runs.find(delta))?.halves.lines;
  }
}
