import { type Backlog, untilSettled } from "../../../core/verify/settle.ts";

interface Moment extends Backlog {
  readonly generation: number;
}

const moment = (waiting: number, inFlight: number, generation = 1): Moment => ({
  waiting,
  inFlight,
  generation,
});

/** Plays moments, a second each and the last one for ever, from `settleMs` on. */
async function play(moments: readonly Moment[], { settleMs = 5_000, until = 60_000 } = {}) {
  let now = 0;
  const at = () => moments[Math.min(moments.length - 1, Math.floor((now - settleMs) / 1000))] ?? moment(0, 0);
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const ports = { clock, backlog: async () => at(), generation: async () => at().generation };
  return { settled: await untilSettled(ports, settleMs, until), seconds: now / 1000 };
}

test("an empty queue is settled when the stream has had its time", async () => {
  expect(await play([moment(0, 0)])).toEqual({ settled: true, seconds: 5 });
});

test("what waits or is in flight is waited for", async () => {
  const moments = [moment(3, 0), moment(1, 2), moment(0, 3), moment(0, 3), moment(0, 0)];
  expect(await play(moments)).toEqual({ settled: true, seconds: 9 });
});

test("a queue that is never empty is settled when two cycles have published since nothing waited", async () => {
  const busy = [moment(4, 2, 1), moment(0, 6, 1), moment(2, 5, 2), moment(3, 5, 2), moment(2, 5, 3)];
  expect(await play(busy)).toEqual({ settled: true, seconds: 9 });
});

test("a backlog through which cycles publish is not settled: a message may be anywhere in it", async () => {
  const backlog = Array.from({ length: 100 }, (_, second) => moment(500 - second, 10, second));
  expect(await play(backlog)).toMatchObject({ settled: false });
});

test("nothing is waited for beyond the time that there is", async () => {
  expect(await play([moment(0, 1)], { until: 8_500 })).toEqual({ settled: false, seconds: 8 });
  expect(await play([moment(0, 0)], { until: 4_999 })).toEqual({ settled: false, seconds: 0 });
});
