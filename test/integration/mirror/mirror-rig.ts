import {
  CreateIndexCommand,
  CreateVectorBucketCommand,
  DeleteIndexCommand,
  ListVectorsCommand,
  S3VectorsClient,
} from "@aws-sdk/client-s3vectors";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { mirrorIndexName, unfilterableMirrorKeys } from "../../../contract/mirror.ts";
import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import { isSameVector } from "../../../core/collections/merge/parts-that-differ.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { silentLog } from "../../../core/log.ts";
import type { Comparing, MirrorDeps, MirrorOutcome } from "../../../core/mirror/mirror-shard.ts";
import { mirrorShard } from "../../../core/mirror/mirror-shard.ts";
import { S3VectorsMirror } from "../../../core/mirror/s3-vectors-mirror.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { type Endpoint, startEndpoint } from "../../../local/endpoint/endpoint.ts";
import { administratorKey, Iam } from "../../../local/iam/iam.ts";
import { s3VectorsService } from "../../../local/services/s3-vectors/s3-vectors-service.ts";
import { CompactionRig, type RigConfig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, dimensions, model } from "../../unit/collections/sample-deltas.ts";
import { hastyClock } from "../../unit/resilience/clocks.ts";

const vectorBucketName = "mirror";
const indexName = mirrorIndexName("lines", dimensions);
const unlimited = { requests: 1_000_000, vectors: 10_000_000 };

type Client = { send(command: never): Promise<unknown> };

/** Called before and after each request of a process; it dies where this throws, and no later request is sent. */
export type OnRequest = (moment: "before" | "after", command: string) => void;

/** A shard with real files, tables, Chroma and deltas, and a mirror in the S3 Vectors of the local stack. */
export class MirrorRig {
  readonly shard: CompactionRig;
  readonly vectors: S3VectorsClient;
  /** Metrics of the mirror so far, by name. */
  readonly counted = new Map<string, number>();
  readonly #endpoint: Endpoint;
  #run = 0;

  private constructor(shard: CompactionRig, endpoint: Endpoint) {
    this.shard = shard;
    this.#endpoint = endpoint;
    this.vectors = new S3VectorsClient({
      endpoint: endpoint.url,
      region: "us-east-1",
      credentials: { accessKeyId: administratorKey, secretAccessKey: administratorKey },
      maxAttempts: 1,
    });
  }

  static async start(): Promise<MirrorRig> {
    const endpoint = await startEndpoint({
      port: 0,
      services: [s3VectorsService({ rates: unlimited })],
      iam: new Iam(),
    });
    const rig = new MirrorRig(await CompactionRig.start("lines"), endpoint);
    await rig.vectors.send(new CreateVectorBucketCommand({ vectorBucketName }));
    await rig.createIndex();
    return rig;
  }

  async stop(): Promise<void> {
    this.vectors.destroy();
    await this.shard.stop();
    await this.#endpoint.close();
  }

  async createIndex(): Promise<void> {
    await this.vectors.send(
      new CreateIndexCommand({
        vectorBucketName,
        indexName,
        dataType: "float32",
        dimension: dimensions,
        distanceMetric: "cosine",
        metadataConfiguration: { nonFilterableMetadataKeys: [...unfilterableMirrorKeys] },
      }),
    );
  }

  async deleteIndex(): Promise<void> {
    await this.vectors.send(new DeleteIndexCommand({ vectorBucketName, indexName }));
  }

  /** New content of the n-th receipt; its texts are of the run alone. */
  async embed(image: number, vectors: number): Promise<Delta> {
    this.#run += 1;
    const texts = Array.from({ length: vectors }, (_, at) => `text ${this.#run} ${at}`);
    const delta = deltaOf(image, `run-${this.#run}`, texts);
    await this.shard.embed(delta);
    return delta;
  }

  async rename(image: number, merchant: string): Promise<void> {
    this.shard.announce([await this.shard.put(itemsOf(image).metadata, { merchant_name: merchant })]);
  }

  async removeReceipt(image: number): Promise<void> {
    await this.shard.put(itemsOf(image).receipt);
    this.shard.announce([await this.shard.remove(itemsOf(image).receipt)]);
  }

  async removeLine(image: number, line: number): Promise<void> {
    await this.shard.put(itemsOf(image).line(line));
    this.shard.announce([await this.shard.remove(itemsOf(image).line(line))]);
  }

  /** Publishes what is queued as segments; keeps `kept` superseded generations at least. */
  async publish({ kept = 100, ...config }: RigConfig & { readonly kept?: number } = {}): Promise<void> {
    const garbage = { kept, maxReaderMs: 0 };
    const parts = await this.shard.process({ foldVectors: 10_000, garbage, ...config });
    await this.shard.invoke(parts, 100);
    this.shard.sqs.reveal(this.shard.queues.queue);
  }

  async fold(kept = 100): Promise<void> {
    const garbage = { kept, maxReaderMs: 0 };
    await this.shard.foldNow(await this.shard.process({ foldVectors: 10_000, garbage }));
  }

  async deps(changed: Partial<MirrorDeps> = {}, onRequest: OnRequest = () => undefined): Promise<MirrorDeps> {
    const { client, controlTable } = this.shard.tables;
    const files = await this.shard.files();
    const process = new Mortal(onRequest);
    const index = new S3VectorsMirror(
      {
        client: process.client(this.vectors),
        bucketName: vectorBucketName,
        giveUpAt: () => (process.isDead ? 0 : Number.POSITIVE_INFINITY),
        clock: hastyClock(),
      },
      indexName,
    );
    return {
      shard: "lines",
      target: { collection: "lines", model, dimensions },
      control: { client: process.client<DynamoDBDocumentClient>(client), controlTable },
      files,
      // Each run is a cold process; the minute that it waits for a folder takes no time.
      generations: new Generations(files.collectionsPath, "lines", hastyClock()),
      deltas: this.shard.deltas,
      index,
      leaseMs: 5_000,
      giveUpAt: Number.POSITIVE_INFINITY,
      now: Date.now,
      memoryBytes: 64 * 2 ** 20,
      clock: monotonicClock,
      log: silentLog,
      metrics: {
        count: (name, value) => this.counted.set(name, (this.counted.get(name) ?? 0) + value),
        gauge: () => undefined,
      },
      onStep: () => undefined,
      ...changed,
    };
  }

  async mirror(comparing?: Comparing, changed?: Partial<MirrorDeps>): Promise<MirrorOutcome> {
    return mirrorShard(await this.deps(changed), comparing);
  }

  /** All that the mirror has, read by the official client. */
  async mirrored(): Promise<StoredVector[]> {
    const found: StoredVector[] = [];
    for (let nextToken: string | undefined; ; ) {
      const page = await this.vectors.send(
        new ListVectorsCommand({
          vectorBucketName,
          indexName,
          nextToken,
          returnData: true,
          returnMetadata: true,
        }),
      );
      for (const { key = "", data, metadata } of page.vectors ?? []) {
        const { content_hash: _, text, ...own } = metadata as StoredVector["metadata"];
        const document = String(text);
        found.push({
          id: key,
          document,
          // Every delta of the tests has the text in its metadata too.
          metadata: { ...own, text: document },
          vector: Float32Array.from(data?.float32 ?? []),
        });
      }
      nextToken = page.nextToken;
      if (nextToken === undefined) return found.sort(byId);
    }
  }

  /** Compares every field of every vector with what a reader of the generation sees; numbers to the digits that Chroma keeps. */
  async expectEqual(deltas: readonly Delta[]): Promise<void> {
    const published = (await this.shard.publishedVectors(deltas)).sort(byId);
    const mirrored = await this.mirrored();
    expect(described(mirrored)).toEqual(described(published));
    const other = mirrored.filter(
      ({ vector }, at) => !isSameVector(vector, published[at]?.vector ?? new Float32Array()),
    );
    expect(other).toEqual([]);
  }
}

const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);

function described(vectors: readonly StoredVector[]) {
  return vectors.map(({ id, document, metadata }) => ({ id, document, metadata }));
}

/** A process that can die between any two requests: no later one is sent, those that would tidy up included. */
class Mortal {
  isDead = false;
  readonly #onRequest: OnRequest;

  constructor(onRequest: OnRequest) {
    this.#onRequest = onRequest;
  }

  client<T extends Client>(client: T): T {
    const send = async (command: never) => {
      this.#pass("before", command);
      const answer = await client.send(command);
      this.#pass("after", command);
      return answer;
    };
    return { send } as unknown as T;
  }

  #pass(moment: "before" | "after", command: object): void {
    if (this.isDead) throw new Error("The process is dead.");
    try {
      this.#onRequest(moment, command.constructor.name);
    } catch (error) {
      this.isDead = true;
      throw error;
    }
  }
}
