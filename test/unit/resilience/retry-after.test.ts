import { retryAfterMs } from "../../../core/resilience/retry-after.ts";

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
