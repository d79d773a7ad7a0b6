import { Heartbeat } from "../../../../core/collections/lease/heartbeat.ts";
import { LeaseLostError } from "../../../../core/collections/lease/lease.ts";
import { silentLog } from "../../../../core/log.ts";
import type { Clock } from "../../../../core/resilience/clock.ts";

const leaseMs = 8_000;

/** A clock whose sleeps end when the test says so, or with their signal. */
class StoppedClock implements Clock {
  readonly sleeps: number[] = [];
  #wake: () => void = () => undefined;

  now(): number {
    return 0;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  /** Ends the sleep, and lets what follows it happen. */
  async wake(): Promise<void> {
    this.#wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function started(beat: () => Promise<void>) {
  const clock = new StoppedClock();
  const warned: unknown[] = [];
  const log = {
    ...silentLog,
    warn: (_: string, fields: Record<string, unknown> = {}) => void warned.push(fields.error_name),
  };
  return { clock, warned, heartbeat: new Heartbeat(beat, leaseMs, clock, log) };
}

test("beats four times per lease, the first time after a quarter of it", async () => {
  const beat = jest.fn(async () => undefined);
  const { clock, heartbeat } = started(beat);
  expect(beat).not.toHaveBeenCalled();
  await clock.wake();
  await clock.wake();
  expect(beat).toHaveBeenCalledTimes(2);
  expect(clock.sleeps).toEqual([2_000, 2_000, 2_000]);
  await heartbeat.stop();
});

test("stops at once, without a further beat", async () => {
  const beat = jest.fn(async () => undefined);
  const { heartbeat } = started(beat);
  await heartbeat.stop();
  expect(beat).not.toHaveBeenCalled();
});

test("stops after the beat that is under way", async () => {
  let end: () => void = () => undefined;
  const { clock, heartbeat } = started(() => new Promise((resolve) => (end = resolve)));
  await clock.wake();
  let isStopped = false;
  const stopping = heartbeat.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  end();
  await stopping;
  expect(clock.sleeps).toHaveLength(1);
});

test("F3: a beat that fails is logged, and the next one is tried", async () => {
  const beat = jest.fn().mockRejectedValueOnce(new TypeError("throttled")).mockResolvedValue(undefined);
  const { clock, warned, heartbeat } = started(beat);
  await clock.wake();
  await clock.wake();
  expect(beat).toHaveBeenCalledTimes(2);
  expect(warned).toEqual(["TypeError"]);
  await heartbeat.stop();
});

test("F3: beats no more once the lease is lost", async () => {
  const beat = jest.fn().mockRejectedValue(new LeaseLostError("lines", 1, "another holder"));
  const { clock, warned, heartbeat } = started(beat);
  await clock.wake();
  await clock.wake();
  expect(beat).toHaveBeenCalledTimes(1);
  expect(warned).toEqual(["LeaseLostError"]);
  await heartbeat.stop();
});
