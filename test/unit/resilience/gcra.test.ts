import fc from "fast-check";
import { bookCost, type Rate } from "../../../core/resilience/gcra.ts";

const perSecond: Rate = { perMinute: 60, burstMs: 3_000 };

test("after a pause the burst is free, then each second frees one", () => {
  let arrival = 0;
  const waits = Array.from({ length: 5 }, () => {
    const booking = bookCost(perSecond, arrival, 10_000, 1);
    arrival = booking.arrival;
    return booking.wait;
  });
  expect(waits).toEqual([0, 0, 0, 1_000, 2_000]);
});

test("a single request is never delayed on a free limit, however slow the rate", () => {
  expect(bookCost({ perMinute: 1, burstMs: 10_000 }, 0, 5_000, 1).wait).toBe(0);
});

test("no window of time sees more than the burst and the rate allow", () => {
  const demand = fc.array(
    fc.record({ pause: fc.integer({ min: 0, max: 4_000 }), cost: fc.integer({ min: 1, max: 3 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(demand, (requests) => {
      let arrival = 0;
      let now = 1_000_000;
      const spent: { at: number; cost: number }[] = [];
      for (const { pause, cost } of requests) {
        now += pause;
        const booking = bookCost(perSecond, arrival, now, cost);
        arrival = booking.arrival;
        spent.push({ at: now + booking.wait, cost });
      }
      for (const from of spent) {
        for (const to of spent) {
          if (to.at < from.at) continue;
          const within = spent.filter(({ at }) => at >= from.at && at <= to.at);
          const total = within.reduce((sum, { cost }) => sum + cost, 0);
          expect(total).toBeLessThanOrEqual((to.at - from.at + perSecond.burstMs) / 1_000 + 3);
        }
      }
    }),
  );
});
