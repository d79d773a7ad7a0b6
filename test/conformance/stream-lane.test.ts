import fc from "fast-check";
import { type LaneRecord, type LaneSettings, StreamLane } from "../../local/mappings/stream-lane.ts";

/** How a mapping treats the records of a stream in their order, with a clock that the test moves. */
const settings: LaneSettings = {
  batchSize: 4,
  maxBytes: 1000,
  windowMilliseconds: 0,
  maximumRetries: 2,
  maximumAgeMilliseconds: -1,
  bisect: false,
};

function record(number: number, createdAt = 0): LaneRecord {
  return { sequenceNumber: String(number), createdAt, bytes: 10 };
}

function records(...numbers: number[]): LaneRecord[] {
  return numbers.map((number) => record(number));
}

function lane(changes: Partial<LaneSettings> = {}) {
  return new StreamLane<LaneRecord>({ ...settings, ...changes });
}

function invoked(step: ReturnType<StreamLane<LaneRecord>["next"]>): string[] {
  if (step.do !== "invoke") throw new Error(`The lane wants to ${step.do}.`);
  return step.records.map(({ sequenceNumber }) => sequenceNumber);
}

test("a batch is due when it is full, else when its window has passed", () => {
  const gathering = lane({ windowMilliseconds: 500 });
  gathering.add(records(1, 2), 1000);
  expect(gathering.next(1499)).toEqual({ do: "wait", until: 1500 });
  expect(invoked(gathering.next(1500))).toEqual(["1", "2"]);
  gathering.succeeded();
  gathering.add(records(3, 4, 5, 6, 7), 2000);
  expect(invoked(gathering.next(2000))).toEqual(["3", "4", "5", "6"]);
});

test("a batch is cut where it would grow too large for an event", () => {
  const small = lane({ maxBytes: 25 });
  small.add(records(1, 2, 3), 0);
  expect(invoked(small.next(0))).toEqual(["1", "2"]);
});

test("a failed batch is retried unchanged, before later records, after an increasing delay", () => {
  const retrying = lane();
  retrying.add(records(1, 2, 3, 4, 5), 0);
  retrying.next(0);
  retrying.failed(0);
  expect(retrying.next(0)).toEqual({ do: "wait", until: 100 });
  expect(invoked(retrying.next(100))).toEqual(["1", "2", "3", "4"]);
  retrying.failed(100);
  expect(retrying.next(100)).toEqual({ do: "wait", until: 300 });
});

test("after the last retry the batch is discarded, and the shard continues", () => {
  const exhausted = lane();
  exhausted.add(records(1, 2, 3, 4, 5), 0);
  for (const now of [0, 1000, 2000]) {
    invoked(exhausted.next(now));
    exhausted.failed(now);
  }
  expect(exhausted.next(3000)).toMatchObject({
    do: "discard",
    reason: "RetryAttemptsExhausted",
    invocations: 3,
    records: records(1, 2, 3, 4),
  });
  exhausted.discarded(4);
  expect(invoked(exhausted.next(3000))).toEqual(["5"]);
});

test("without a maximum of retries a batch is retried until it expires", () => {
  const endless = lane({ maximumRetries: -1 });
  endless.add(records(1), 0);
  for (let now = 0; now < 1e6; now += 20_000) {
    expect(invoked(endless.next(now))).toEqual(["1"]);
    endless.failed(now);
  }
});

test("a partial failure is retried from the lowest sequence number that failed", () => {
  const partial = lane();
  partial.add(records(1, 2, 3, 4), 0);
  partial.next(0);
  partial.failedFrom(new Set(["4", "2"]), 0);
  expect(invoked(partial.next(100))).toEqual(["2", "3", "4"]);
});

test("bisecting halves a failed batch, and splitting is not a retry", () => {
  const bisecting = lane({ bisect: true, maximumRetries: 0 });
  bisecting.add(records(1, 2, 3, 4), 0);
  bisecting.next(0);
  bisecting.failed(0);
  expect(invoked(bisecting.next(100))).toEqual(["1", "2"]);
  bisecting.succeeded();
  expect(invoked(bisecting.next(100))).toEqual(["3", "4"]);
  bisecting.failed(100);
  expect(invoked(bisecting.next(200))).toEqual(["3"]);
});

test("records above the maximum age are discarded without an invocation; younger ones are delivered", () => {
  const aging = lane({ maximumAgeMilliseconds: 60_000 });
  aging.add([record(1, 0), record(2, 1000), record(3, 90_000)], 90_000);
  expect(aging.next(90_000)).toMatchObject({
    do: "discard",
    reason: "RecordAgeExceeded",
    records: [{ sequenceNumber: "1" }, { sequenceNumber: "2" }],
  });
  aging.discarded(2);
  expect(invoked(aging.next(90_000))).toEqual(["3"]);
});

test("F8: whatever the batches, bisecting discards only the poison records, and all others succeed in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      (poison, batchSize, partialFailures) => {
        const outcome = workOff(poison, lane({ batchSize, bisect: true }), partialFailures);
        const numbers = poison.map((_, number) => String(number));
        expect(outcome.discarded).toEqual(numbers.filter((_, number) => poison[number]));
        expect(outcome.succeeded).toEqual(numbers.filter((_, number) => !poison[number]));
      },
    ),
  );
});

/** A function that fails on poison: as a whole, or saying from where. A record counts when its batch is done with. */
function workOff(poison: readonly boolean[], working: StreamLane<LaneRecord>, partialFailures: boolean) {
  const succeeded: string[] = [];
  const discarded: string[] = [];
  working.add(
    poison.map((_, number) => record(number)),
    0,
  );
  for (let now = 0; working.size > 0; now += 60_000) {
    const step = working.next(now);
    if (step.do === "wait") throw new Error("Nothing has to wait for a minute.");
    const numbers = step.records.map(({ sequenceNumber }) => sequenceNumber);
    if (step.do === "discard") {
      discarded.push(...numbers);
      working.discarded(numbers.length);
      continue;
    }
    const first = numbers.findIndex((number) => poison[Number(number)]);
    if (first < 0) {
      succeeded.push(...numbers);
      working.succeeded();
    } else if (partialFailures) {
      succeeded.push(...numbers.slice(0, first));
      working.failedFrom(new Set([numbers[first] ?? ""]), now);
    } else {
      working.failed(now);
    }
  }
  return { succeeded, discarded };
}
