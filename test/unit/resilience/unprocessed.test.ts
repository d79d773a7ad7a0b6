import { sendAll } from "../../../core/resilience/unprocessed.ts";
import { ManualClock } from "./clocks.ts";

const items = Array.from({ length: 25 }, (_, index) => index);

test("items that a call leaves unprocessed are sent again after a backoff, and no others", async () => {
  const calls: number[][] = [];
  const clock = new ManualClock();
  const send = async (some: readonly number[]) => {
    calls.push([...some]);
    return calls.length === 1 ? some.slice(8) : [];
  };
  await sendAll(items, { perCall: 10, send, clock });
  expect(calls.map((call) => call.length)).toEqual([10, 2, 10, 5]);
  expect(calls[1]).toEqual([8, 9]);
  expect(clock.now()).toBe(50);
});

test("items that stay unprocessed end in an error instead of an endless loop", async () => {
  let calls = 0;
  const send = async (some: readonly number[]) => {
    calls += 1;
    return some;
  };
  await expect(sendAll(items, { perCall: 10, send, clock: new ManualClock() })).rejects.toThrow("10 items");
  expect(calls).toBe(10);
});
