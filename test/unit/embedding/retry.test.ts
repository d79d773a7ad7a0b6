import fc from "fast-check";
import { backoffMs, judge, retryAfterMs } from "../../../core/embedding/retry.ts";

const now = Date.parse("2026-03-01T12:00:00Z");

test.each([
  [{ "retry-after-ms": "1500" }, 1_500],
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after": "0.5" }, 500],
  [{ "retry-after": "Sun, 01 Mar 2026 12:00:07 GMT" }, 7_000],
  [{ "retry-after": "Sun, 01 Mar 2026 11:00:00 GMT" }, 0],
  [{ "retry-after-ms": "40", "retry-after": "2" }, 40],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("the headers %j ask for %s ms", (headers, expected) => {
  expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(expected);
});

test("the backoff grows to a bound and is never negative", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000 }), (attempt) => {
      const delay = backoffMs(attempt);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(Math.min(8_000, 250 * 2 ** attempt));
    }),
  );
});

test("an error that is not the provider's passes through", () => {
  const bug = new TypeError("not a function");
  expect(() => judge(bug)).toThrow(bug);
});
