import { QuotaCount, startOfPeriod } from "../../local/api-gateway/quota.ts";
import { TokenBucket } from "../../local/api-gateway/token-bucket.ts";

test("a bucket starts full, gives one token a request and fills at its rate, up to its size", () => {
  const bucket = new TokenBucket({ rateLimit: 2, burstLimit: 3 }, 0);
  const taken = (now: number, times: number) => Array.from({ length: times }, () => bucket.take(now));
  expect(taken(0, 4)).toEqual([true, true, true, false]);
  expect(taken(499, 1)).toEqual([false]);
  expect(taken(1000, 3)).toEqual([true, true, false]);
  expect(taken(60_000, 4)).toEqual([true, true, true, false]);
});

test.each([
  ["DAY", "2026-11-25T23:59:59Z", "2026-11-25"],
  ["WEEK", "2026-11-25T12:00:00Z", "2026-11-22"],
  ["WEEK", "2026-11-22T00:00:00Z", "2026-11-22"],
  ["WEEK", "2026-12-01T00:00:00Z", "2026-11-29"],
  ["MONTH", "2026-11-25T12:00:00Z", "2026-11-01"],
] as const)("the period %s of %s starts on %s", (period, now, start) => {
  expect(startOfPeriod(period, new Date(now))).toBe(start);
});

test("a quota starts again in a new period, and a refused request does not count", () => {
  const count = new QuotaCount({ limit: 2, period: "DAY" });
  const taken = (now: string, times: number) =>
    Array.from({ length: times }, () => count.take(new Date(now)));
  expect(taken("2026-11-25T01:00:00Z", 3)).toEqual([true, true, false]);
  expect(taken("2026-11-26T00:00:00Z", 3)).toEqual([true, true, false]);
});
