import { verdictOfStatus } from "../../../core/resilience/status-verdict.ts";

const now = Date.UTC(2026, 0, 1);

test("a 429 is deferred for as long as Retry-After says, and for a second without it", () => {
  expect(verdictOfStatus(429, new Headers({ "retry-after": "7" }), now)).toEqual({
    kind: "defer",
    delayMs: 7_000,
  });
  expect(verdictOfStatus(429, new Headers(), now)).toEqual({ kind: "defer", delayMs: 1_000 });
  expect(verdictOfStatus(429, undefined, now)).toEqual({ kind: "defer", delayMs: 1_000 });
});

test.each([408, 409, 425, 500, 503, 529])(
  "a %d is a transient error, with the wait that it names",
  (status) => {
    expect(verdictOfStatus(status, undefined, now)).toEqual({ kind: "retry", delayMs: undefined });
    expect(verdictOfStatus(status, new Headers({ "retry-after-ms": "250" }), now)).toEqual({
      kind: "retry",
      delayMs: 250,
    });
  },
);

test.each([200, 301, 400, 401, 403, 404, 413, 422])("a %d is final", (status) => {
  expect(verdictOfStatus(status, new Headers({ "retry-after": "7" }), now)).toBeUndefined();
});
