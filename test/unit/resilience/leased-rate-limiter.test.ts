import fc from "fast-check";
import { bookCost } from "../../../core/resilience/gcra.ts";
import { LeasedRateLimiter, leaseMs } from "../../../core/resilience/leased-rate-limiter.ts";
import type { RateLimiter } from "../../../core/resilience/rate-limiter.ts";
import { ManualClock } from "./clocks.ts";

const burstMs = 10_000 - leaseMs;

/** The limits that processes share, in memory. */
class SharedLimits implements RateLimiter {
  readonly clock = new ManualClock(1_000_000);
  readonly perMinute: number;
  readonly bookings: { requests: number; tokens: number }[] = [];
  readonly returned: number[] = [];
  #requests = 0;
  #tokens = 0;

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  async book(tokens: number, maxWait: number, requests = 1): Promise<number | undefined> {
    const now = this.clock.now();
    const request = bookCost({ perMinute: this.perMinute, burstMs }, this.#requests, now, requests);
    const text = bookCost({ perMinute: this.perMinute * 100, burstMs }, this.#tokens, now, tokens);
    const wait = Math.max(request.wait, text.wait);
    if (wait > maxWait) return undefined;
    [this.#requests, this.#tokens] = [request.arrival, text.arrival];
    this.bookings.push({ requests, tokens });
    return wait;
  }

  async giveBack(tokens: number): Promise<void> {
    this.returned.push(tokens);
  }

  process(): LeasedRateLimiter {
    return new LeasedRateLimiter({
      limiter: this,
      requestsPerMinute: this.perMinute,
      tokensPerRequest: 50,
      clock: this.clock,
    });
  }
}

test("of requests one after the other, one in ten is booked at the shared limiter", async () => {
  const shared = new SharedLimits(1_200);
  const own = shared.process();
  for (let request = 0; request < 21; request += 1) {
    expect(await own.book(20, 0)).toBe(0);
    shared.clock.advance(100);
  }
  expect(shared.bookings.map(({ requests }) => requests)).toEqual([1, 10, 10]);
});

test("a process that pauses for longer than a lease books one request at a time", async () => {
  const shared = new SharedLimits(1_200);
  const own = shared.process();
  for (let request = 0; request < 3; request += 1) {
    await own.book(20, 0);
    shared.clock.advance(leaseMs + 1);
  }
  expect(shared.bookings).toEqual(Array(3).fill({ requests: 1, tokens: 20 }));
});

test("what is left of a lease lapses", async () => {
  const shared = new SharedLimits(1_200);
  const own = shared.process();
  await own.book(20, 0);
  await own.book(20, 0);
  shared.clock.advance(leaseMs);
  await own.book(20, 0);
  expect(shared.bookings.map(({ requests }) => requests)).toEqual([1, 10, 10]);
});

test("a long request takes more of its lease, and one that is longer than a lease is booked alone", async () => {
  const shared = new SharedLimits(12_000);
  const own = shared.process();
  for (const tokens of [20, 400, 200, 501]) await own.book(tokens, 0);
  expect(shared.bookings).toEqual([
    { requests: 1, tokens: 20 },
    { requests: 10, tokens: 500 },
    { requests: 10, tokens: 500 },
    { requests: 1, tokens: 501 },
  ]);
});

test("without capacity for a lease, a request waits for its own turn, or is refused", async () => {
  const shared = new SharedLimits(60);
  const own = shared.process();
  const waits = [];
  for (let request = 0; request < 7; request += 1) waits.push(await own.book(1, 2_000));
  // Two requests are half of what 60 per minute allow in a lease.
  expect(waits).toEqual([0, 0, 0, 0, 0, 1_000, 2_000]);
  expect(await own.book(1, 2_000)).toBeUndefined();
  expect(shared.bookings.map(({ requests }) => requests)).toEqual([1, 2, 2, 1, 1]);
});

test("a rate that allows no lease is booked request by request", async () => {
  const shared = new SharedLimits(3);
  const own = shared.process();
  await own.book(1, 60_000);
  expect(await own.book(1, 60_000)).toBe(20_000);
});

test("returned tokens go into the open lease, and otherwise to the shared limiter", async () => {
  const shared = new SharedLimits(1_200);
  const own = shared.process();
  await own.book(400, 0);
  await own.giveBack(380);
  expect(shared.returned).toEqual([380]);
  await own.book(400, 0);
  await own.giveBack(380);
  await own.book(450, 0);
  expect(shared.returned).toEqual([380]);
  expect(shared.bookings).toHaveLength(2);
});

test("no window of time sees more than ten seconds of the rate on top of it, over all processes", async () => {
  const perMinute = 120;
  const demand = fc.array(
    fc.record({
      process: fc.nat({ max: 3 }),
      requests: fc.integer({ min: 1, max: 12 }),
      pause: fc.constantFrom(0, 0, 0, 500, leaseMs - 1, 9_000),
    }),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(demand, async (steps) => {
      const shared = new SharedLimits(perMinute);
      const processes = Array.from({ length: 4 }, () => shared.process());
      const spent: number[] = [];
      for (const { process, requests, pause } of steps) {
        shared.clock.advance(pause);
        for (let request = 0; request < requests; request += 1) {
          const wait = await processes[process]?.book(1, 0);
          if (wait !== undefined) spent.push(shared.clock.now() + wait);
        }
      }
      spent.forEach((from, first) => {
        spent.slice(first).forEach((to, more) => {
          const allowed = ((to - from + 10_000) * perMinute) / 60_000;
          if (more > allowed) throw new Error(`${more + 1} requests within ${to - from} ms`);
        });
      });
    }),
    { numRuns: 300 },
  );
});
