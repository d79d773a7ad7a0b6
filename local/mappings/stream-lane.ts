import { BatchWindow } from "./batch-window.ts";

export interface LaneRecord {
  readonly sequenceNumber: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly bytes: number;
}

export interface LaneSettings {
  readonly batchSize: number;
  readonly maxBytes: number;
  readonly windowMilliseconds: number;
  /** -1 for no limit. */
  readonly maximumRetries: number;
  /** -1: any age. */
  readonly maximumAgeMilliseconds: number;
  readonly bisect: boolean;
}

export type DiscardReason = "RetryAttemptsExhausted" | "RecordAgeExceeded";

/** The next step. `wait` without a time waits for records. */
export type Step<R> =
  | { readonly do: "invoke"; readonly records: readonly R[] }
  | {
      readonly do: "discard";
      readonly records: readonly R[];
      readonly reason: DiscardReason;
      readonly invocations: number;
    }
  | { readonly do: "wait"; readonly until: number | undefined };

interface Batch<R> {
  readonly records: readonly R[];
  /** Failed invocations that count as tries. Splitting a batch is not one. */
  readonly failures: number;
  readonly notBefore: number;
}

const firstBackoffMilliseconds = 100;
const maxBackoffMilliseconds = 10_000;

/**
 * The records of one shard, or of a part of its items, in order. It implements Lambda's rules for retries, bisecting,
 * partial failures and abandoning, without I/O. The caller executes `next` and reports the result; until then the lane
 * returns nothing else.
 */
export class StreamLane<R extends LaneRecord> {
  readonly #settings: LaneSettings;
  readonly #window: BatchWindow<R>;
  /** The rest of a batch that failed, in order; the first is next. */
  #open: Batch<R>[] = [];

  constructor(settings: LaneSettings) {
    this.#settings = settings;
    this.#window = new BatchWindow({
      items: settings.batchSize,
      bytes: settings.maxBytes,
      windowMilliseconds: settings.windowMilliseconds,
    });
  }

  /** Records that are not done with. */
  get size(): number {
    return this.#window.size + this.#open.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** The first record that is not done with. */
  get first(): R | undefined {
    return this.#open[0]?.records[0] ?? this.#window.first;
  }

  add(records: readonly R[], now: number): void {
    this.#window.add(records, now);
  }

  next(now: number): Step<R> {
    const batch = this.#open[0] ?? this.#nextBatch(now);
    if (batch === undefined) return { do: "wait", until: this.#window.dueAt };
    const { maximumRetries } = this.#settings;
    const invocations = batch.failures;
    const tooOld = batch.records.slice(0, this.#countTooOld(batch.records, now));
    if (tooOld.length > 0)
      return { do: "discard", records: tooOld, reason: "RecordAgeExceeded", invocations };
    if (maximumRetries >= 0 && batch.failures > maximumRetries) {
      return { do: "discard", records: batch.records, reason: "RetryAttemptsExhausted", invocations };
    }
    return batch.notBefore > now
      ? { do: "wait", until: batch.notBefore }
      : { do: "invoke", records: batch.records };
  }

  succeeded(): void {
    this.#open.shift();
  }

  /** The first records of the lane were handed to the destination. */
  discarded(count: number): void {
    this.#replaceFirst((batch) => [{ ...batch, records: batch.records.slice(count) }]);
  }

  /** Handles the failure of a whole batch: splits it if allowed and possible, otherwise counts the failure. */
  failed(now: number): void {
    this.#replaceFirst((batch) => {
      const notBefore = now + backoff(batch.failures);
      const half = Math.ceil(batch.records.length / 2);
      if (!this.#settings.bisect || batch.records.length === 1) {
        return [{ ...batch, failures: batch.failures + 1, notBefore }];
      }
      return [batch.records.slice(0, half), batch.records.slice(half)].map((records) => ({
        ...batch,
        records,
        notBefore,
      }));
    });
  }

  /** Everything before the lowest of these sequence numbers succeeded. */
  failedFrom(sequenceNumbers: ReadonlySet<string>, now: number): void {
    const index = this.#open[0]?.records.findIndex(({ sequenceNumber }) =>
      sequenceNumbers.has(sequenceNumber),
    );
    if (index === undefined || index <= 0) {
      this.failed(now);
      return;
    }
    this.#replaceFirst(({ records }) => [
      { records: records.slice(index), failures: 1, notBefore: now + backoff(0) },
    ]);
  }

  #nextBatch(now: number): Batch<R> | undefined {
    const { dueAt } = this.#window;
    if (dueAt === undefined || dueAt > now) return undefined;
    const batch = { records: this.#window.take(now), failures: 0, notBefore: 0 };
    this.#open = [batch];
    return batch;
  }

  #countTooOld(records: readonly R[], now: number): number {
    const { maximumAgeMilliseconds } = this.#settings;
    if (maximumAgeMilliseconds < 0) return 0;
    const young = records.findIndex(({ createdAt }) => now - createdAt <= maximumAgeMilliseconds);
    return young < 0 ? records.length : young;
  }

  #replaceFirst(replace: (batch: Batch<R>) => readonly Batch<R>[]): void {
    const [first, ...rest] = this.#open;
    if (first === undefined) throw new Error("Nothing of this lane was given out.");
    this.#open = [...replace(first).filter(({ records }) => records.length > 0), ...rest];
  }
}

function backoff(failures: number): number {
  return Math.min(maxBackoffMilliseconds, firstBackoffMilliseconds * 2 ** failures);
}
