import fc from "fast-check";
import { exponentialMs, jitteredMs } from "../../../core/resilience/backoff.ts";

const backoffs = fc.record({
  firstMs: fc.integer({ min: 1, max: 5_000 }),
  maxMs: fc.integer({ min: 1, max: 60_000 }),
});

test("the exponential wait starts at the first, never shrinks and stays within the maximum", () => {
  fc.assert(
    fc.property(backoffs, fc.integer({ min: 1, max: 1_000 }), (backoff, failed) => {
      const wait = exponentialMs(backoff, failed);
      expect(exponentialMs(backoff, 1)).toBe(Math.min(backoff.firstMs, backoff.maxMs));
      expect(wait).toBeLessThanOrEqual(backoff.maxMs);
      expect(exponentialMs(backoff, failed + 1)).toBeGreaterThanOrEqual(wait);
    }),
  );
});

test("jitter spreads the wait over a span that doubles per failure, up to the maximum", () => {
  fc.assert(
    fc.property(backoffs, fc.integer({ min: 1, max: 1_000 }), (backoff, failed) => {
      const span = Math.min(backoff.maxMs, backoff.firstMs * 2 ** failed);
      expect(jitteredMs(backoff, failed, () => 0)).toBe(0);
      expect(jitteredMs(backoff, failed, () => 0.5)).toBe(span / 2);
    }),
  );
});
