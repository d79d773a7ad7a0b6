import { imageQuality, pairedBootstrap } from "../../../bench/images/quality.ts";
import { randomFrom } from "../../../bench/random.ts";

test.each([
  [["a", "x", "y"], ["a"], 1, 1],
  [["x", "a", "y"], ["a"], 1 / Math.log2(3), 0.5],
  [["x", "y", "z"], ["a"], 0, 0],
  [["a", "x", "b"], ["a", "b"], (1 + 0.5) / (1 + 1 / Math.log2(3)), 1],
  [[..."0123456789", "a"], ["a"], 0, 0],
])("hits %j of %j", (hits, relevant, ndcg, mrr) => {
  const quality = imageQuality(hits, new Set(relevant));
  expect(quality.ndcg).toBeCloseTo(ndcg);
  expect(quality.mrr).toBeCloseTo(mrr);
});

test("pairs that differ alike have a narrow interval, and those that differ both ways one around zero", () => {
  expect(pairedBootstrap(new Array<number>(30).fill(0.2), randomFrom(1))).toEqual({
    low: expect.closeTo(0.2),
    high: expect.closeTo(0.2),
  });
  const mixed = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? 0.5 : -0.5));
  const { low, high } = pairedBootstrap(mixed, randomFrom(1));
  expect(low).toBeLessThan(0);
  expect(high).toBeGreaterThan(0);
});
