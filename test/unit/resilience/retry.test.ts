import fc from "fast-check";
import { type Attempt, type RetryPolicy, retry } from "../../../core/resilience/retry.ts";
import { ManualClock } from "./clocks.ts";

const transient = (delayMs?: number): Attempt<never> => ({
  kind: "retry",
  delayMs,
  error: new Error("reset"),
});
const throttled = (delayMs: number): Attempt<never> => ({ kind: "defer", delayMs, error: new Error("429") });
const done: Attempt<string> = { kind: "done", value: "answer" };

/** Attempts that come to these outcomes one after the other, and then are done. */
function scripted(outcomes: readonly Attempt<string>[], policy: Partial<RetryPolicy> = {}) {
  const clock = new ManualClock();
  let attempts = 0;
  const run = retry(async () => outcomes[attempts++] ?? done, {
    maxAttempts: 3,
    backoffMs: (failed) => 100 * failed,
    exhausted: (last, failed) => new Error(`gave up after ${failed}`, { cause: last.error }),
    clock,
    ...policy,
  });
  return { run, clock, attempts: () => attempts };
}

test("a transient error is retried after the backoff", async () => {
  const { run, clock, attempts } = scripted([transient(), transient()]);
  expect(await run).toBe("answer");
  expect([attempts(), clock.now()]).toEqual([3, 300]);
});

test("the delay that the other side asks for comes before the backoff", async () => {
  const { run, clock } = scripted([transient(7)]);
  await run;
  expect(clock.now()).toBe(7);
});

test("attempts are bounded, and the error that ends them carries the last one", async () => {
  const { run, attempts } = scripted(Array(9).fill(transient()));
  await expect(run).rejects.toMatchObject({ message: "gave up after 3", cause: { message: "reset" } });
  expect(attempts()).toBe(3);
});

test("F23: a deferral does not count as an attempt", async () => {
  const { run, attempts } = scripted([...Array(50).fill(throttled(10)), transient(), transient()]);
  expect(await run).toBe("answer");
  expect(attempts()).toBe(53);
});

test("F23: a deferral beyond the deadline ends at once instead of waiting for it", async () => {
  const { run, clock } = scripted([throttled(60_000)], { giveUpAt: 10_000 });
  await expect(run).rejects.toMatchObject({ cause: { message: "429" } });
  expect(clock.now()).toBe(0);
});

test("a permanent error is thrown as it is", async () => {
  const refusal = new Error("refused");
  const run = retry(() => Promise.reject(refusal), {
    maxAttempts: 3,
    backoffMs: () => 1,
    exhausted: () => new Error("never"),
    clock: new ManualClock(),
  });
  await expect(run).rejects.toBe(refusal);
});

test("no attempt begins at the deadline or later, and never more than the maximum fail", async () => {
  const outcomes = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("retry" as const), delayMs: fc.integer({ min: 0, max: 500 }) }),
      fc.record({ kind: fc.constant("defer" as const), delayMs: fc.integer({ min: 0, max: 500 }) }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(outcomes, fc.integer({ min: 1, max: 2_000 }), async (script, giveUpAt) => {
      const clock = new ManualClock();
      const begun: number[] = [];
      let failed = 0;
      await retry<string>(
        async () => {
          const outcome = script[begun.length];
          begun.push(clock.now());
          if (outcome === undefined) return done;
          if (outcome.kind === "retry") failed += 1;
          return { ...outcome, error: new Error("not yet") };
        },
        { maxAttempts: 4, giveUpAt, backoffMs: () => 100, exhausted: ({ error }) => error, clock },
      ).catch(() => undefined);
      expect(failed).toBeLessThanOrEqual(4);
      expect(begun.slice(1).every((at) => at < giveUpAt)).toBe(true);
    }),
  );
});
