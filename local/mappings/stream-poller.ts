import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type _Record as SourceRecord,
  TrimmedDataAccessException,
} from "@aws-sdk/client-dynamodb-streams";
import { type CountEvents, measureFunction } from "../lambda/function-metrics.ts";
import type { FunctionPool } from "../lambda/function-pool.ts";
import type { MetricSink } from "../services/cloudwatch/metric.ts";
import { compileFilter, type EventFilter } from "./event-filter.ts";
import { invokeThroughThrottles } from "./invoke-through-throttles.ts";
import { readItemFailures } from "./item-failures.ts";
import type { StreamMapping } from "./mapping-definition.ts";
import type { GivenUp, OnFailure } from "./on-failure.ts";
import type { Poller } from "./poller.ts";
import { streamEventRecord } from "./stream-event.ts";
import { type LaneRecord, type Step, StreamLane } from "./stream-lane.ts";

interface Change extends LaneRecord {
  readonly record: object;
}

/** The position at which a reader of a stream continues: at the first unprocessed record, or after the last record. */
export type StreamPosition = { readonly sequenceNumber: string } | { readonly iterator: string };

interface Shard {
  readonly id: string;
  readonly lanes: readonly StreamLane<Change>[];
  iterator: string | undefined;
}

const idleMilliseconds = 200;
const recordsPerCall = 1000;
const maxSleepMilliseconds = 100;
/** Lambda's limit for an event, less the overhead around the records. */
const maxBatchBytes = 5.5 * 1024 * 1024;
/** Records that wait in memory for one lane before reading pauses, in batches. */
const batchesAhead = 4;

interface Surroundings {
  readonly onFailure: OnFailure;
  readonly metrics: MetricSink;
  readonly count: CountEvents;
}

/** Reads a table's stream with the function's role and invokes the function with batches, in order by item. */
export class StreamPoller implements Poller {
  readonly #mapping: StreamMapping;
  readonly #pool: FunctionPool;
  readonly #streams: DynamoDBStreamsClient;
  readonly #around: Surroundings;
  readonly #filters: readonly EventFilter[];
  readonly #running = new Map<StreamLane<Change>, Promise<void>>();
  #shards: Shard[] | undefined;
  #deliveryError: unknown;
  /** The positions of each shard, from a stopped stack. */
  #kept: ReadonlyMap<string, StreamPosition> = new Map();

  /** Throws FilterNotUnderstoodError. */
  constructor(
    mapping: StreamMapping,
    pool: FunctionPool,
    streams: DynamoDBStreamsClient,
    around: Surroundings,
  ) {
    this.#mapping = mapping;
    this.#pool = pool;
    this.#streams = streams;
    this.#around = around;
    this.#filters = mapping.filters.map(compileFilter);
  }

  /** Returns the position of each shard. Only valid when nothing is in flight. */
  positions(): ReadonlyMap<string, StreamPosition> {
    const positions = new Map<string, StreamPosition>();
    for (const { id, lanes, iterator } of this.#shards ?? []) {
      const waiting = lanes.flatMap(({ first }) => (first === undefined ? [] : [first.sequenceNumber]));
      const [sequenceNumber] = waiting.sort();
      if (sequenceNumber !== undefined) positions.set(id, { sequenceNumber });
      else if (iterator !== undefined) positions.set(id, { iterator });
    }
    return positions;
  }

  /** Sets the start positions; called before the first poll. */
  goOnAt(positions: ReadonlyMap<string, StreamPosition>): void {
    this.#kept = positions;
  }

  async prepare(): Promise<void> {
    if (this.#shards !== undefined) return;
    const stream = { StreamArn: this.#mapping.eventSourceArn };
    const { StreamDescription } = await this.#streams.send(new DescribeStreamCommand(stream));
    const shards = (StreamDescription?.Shards ?? []).map(async ({ ShardId: id = "" }) => ({
      id,
      iterator: await this.#firstIterator(id),
      lanes: this.#newLanes(),
    }));
    this.#shards = await Promise.all(shards);
  }

  async poll(signal: AbortSignal): Promise<void> {
    const error = this.#deliveryError;
    this.#deliveryError = undefined;
    if (error !== undefined) throw error;
    const read = await Promise.all((this.#shards ?? []).map((shard) => this.#read(shard, signal)));
    const found = read.reduce((sum, count) => sum + count, 0);
    if (found === 0) await delay(idleMilliseconds, undefined, { signal });
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #firstIterator(shardId: string): Promise<string | undefined> {
    const kept = this.#kept.get(shardId);
    if (kept === undefined) return this.#iterator(shardId, this.#mapping.startingPosition);
    if ("iterator" in kept) return kept.iterator;
    const { ShardIterator } = await this.#streams.send(
      new GetShardIteratorCommand({
        StreamArn: this.#mapping.eventSourceArn,
        ShardId: shardId,
        ShardIteratorType: "AT_SEQUENCE_NUMBER",
        SequenceNumber: kept.sequenceNumber,
      }),
    );
    return ShardIterator;
  }

  async #iterator(shardId: string, position: StreamMapping["startingPosition"]): Promise<string | undefined> {
    const { ShardIterator } = await this.#streams.send(
      new GetShardIteratorCommand({
        StreamArn: this.#mapping.eventSourceArn,
        ShardId: shardId,
        ShardIteratorType: position,
      }),
    );
    return ShardIterator;
  }

  /** A reader behind the stream's retention continues at the oldest record, and the loss is reported. */
  async #records(shard: Shard, signal: AbortSignal): Promise<GetRecordsCommandOutput> {
    try {
      return await this.#streams.send(
        new GetRecordsCommand({ ShardIterator: shard.iterator, Limit: recordsPerCall }),
        { abortSignal: signal },
      );
    } catch (error) {
      if (error instanceof TrimmedDataAccessException)
        shard.iterator = await this.#iterator(shard.id, "TRIM_HORIZON");
      throw error;
    }
  }

  #newLanes(): StreamLane<Change>[] {
    const { batchSize, windowSeconds, maximumRetries, maximumAgeSeconds, bisect } = this.#mapping;
    return Array.from(
      { length: this.#mapping.parallelizationFactor },
      () =>
        new StreamLane({
          batchSize,
          maxBytes: maxBatchBytes,
          windowMilliseconds: windowSeconds * 1000,
          maximumRetries,
          maximumAgeMilliseconds: maximumAgeSeconds < 0 ? -1 : maximumAgeSeconds * 1000,
          bisect,
        }),
    );
  }

  /** Resolves to the number of records read. */
  async #read(shard: Shard, signal: AbortSignal): Promise<number> {
    for (const lane of shard.lanes) this.#run(lane, shard.id, signal);
    const most = batchesAhead * this.#mapping.batchSize;
    if (shard.iterator === undefined || shard.lanes.some(({ size }) => size >= most)) return 0;
    const { Records = [], NextShardIterator } = await this.#records(shard, signal);
    shard.iterator = NextShardIterator;
    let filteredOut = 0;
    for (const source of Records) {
      const change = this.#changeOf(source);
      if (!this.#wanted(change.record)) {
        filteredOut += 1;
        continue;
      }
      const lane = shard.lanes[laneOf(source, shard.lanes.length)];
      lane?.add([change], Date.now());
    }
    this.#around.count("PolledEventCount", Records.length);
    this.#around.count("FilteredOutEventCount", filteredOut);
    for (const lane of shard.lanes) this.#run(lane, shard.id, signal);
    return Records.length;
  }

  #changeOf(source: SourceRecord): Change {
    const record = streamEventRecord(source, this.#mapping.eventSourceArn);
    return {
      record,
      sequenceNumber: source.dynamodb?.SequenceNumber ?? "",
      createdAt: source.dynamodb?.ApproximateCreationDateTime?.getTime() ?? Date.now(),
      bytes: Buffer.byteLength(JSON.stringify(record)),
    };
  }

  #wanted(record: object): boolean {
    return this.#filters.length === 0 || this.#filters.some((matches) => matches(record));
  }

  /** Works a lane off, unless it is being worked off. */
  #run(lane: StreamLane<Change>, shardId: string, signal: AbortSignal): void {
    if (this.#running.has(lane) || lane.size === 0) return;
    const run = this.#workOff(lane, shardId, signal)
      .catch((error: unknown) => {
        this.#deliveryError = error;
      })
      .finally(() => this.#running.delete(lane));
    this.#running.set(lane, run);
  }

  async #workOff(lane: StreamLane<Change>, shardId: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const step = lane.next(Date.now());
      if (step.do === "invoke") {
        await this.#invoke(lane, step.records, signal);
      } else if (step.do === "discard") {
        await this.#around.onFailure(this.#givenUp(step, shardId));
        lane.discarded(step.records.length);
      } else {
        if (step.until === undefined) return;
        await delay(Math.min(maxSleepMilliseconds, Math.max(0, step.until - Date.now())));
      }
    }
  }

  async #invoke(lane: StreamLane<Change>, records: readonly Change[], signal: AbortSignal): Promise<void> {
    const event = JSON.stringify({ Records: records.map(({ record }) => record) });
    this.#measureAge(records);
    const result = await invokeThroughThrottles(this.#pool, event, Number.POSITIVE_INFINITY, signal);
    if (result === undefined) return;
    this.#around.count("InvokedEventCount", records.length);
    if (result.failed) this.#around.count("FailedInvokeEventCount", records.length);
    if (result.failed) return lane.failed(Date.now());
    if (!this.#mapping.partialFailures) return lane.succeeded();
    const failures = readItemFailures(
      result.payload,
      records.map(({ sequenceNumber }) => sequenceNumber),
    );
    if (failures === "all") lane.failed(Date.now());
    else if (failures.size === 0) lane.succeeded();
    else lane.failedFrom(failures, Date.now());
  }

  /** Measures the age of the last record of the batch, like Lambda. */
  #measureAge(records: readonly Change[]): void {
    const age = Date.now() - (records.at(-1)?.createdAt ?? Date.now());
    measureFunction(this.#around.metrics, this.#pool.definition.name, "IteratorAge", Math.max(0, age));
  }

  #givenUp(step: Extract<Step<Change>, { do: "discard" }>, shardId: string): GivenUp {
    return { shardId, reason: step.reason, invocations: step.invocations, records: step.records };
  }
}

/** Records of one item always share a lane. */
function laneOf(source: SourceRecord, lanes: number): number {
  if (lanes === 1) return 0;
  const keys = JSON.stringify(Object.entries(source.dynamodb?.Keys ?? {}).sort());
  return createHash("sha256").update(keys).digest().readUInt32BE(0) % lanes;
}
