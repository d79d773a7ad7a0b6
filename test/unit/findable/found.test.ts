import { hitsAsked, notFoundWhy } from "../../../core/findable/found.ts";
import type { Hit } from "../../../core/search/hit.ts";

const own = "IMAGE#a#RECEIPT#00001#LINE#00003";

function hit(id: string, score: number, row?: readonly string[]): Hit {
  return {
    id,
    image_id: "a",
    receipt_id: 1,
    line_id: 1,
    text: "TOTAL",
    score,
    metadata: {},
    ...(row && { row: { text: "TOTAL", ids: row } }),
  };
}
const others = (score: number, count: number = hitsAsked) =>
  Array.from({ length: count }, (_, number) => hit(`other-${number}`, score));

test("a vector is found when it is one of the hits, whatever its rank and score", () => {
  expect(notFoundWhy(own, [...others(1, 9), hit(own, 0.2)])).toBeUndefined();
});

test("a vector is found when the row that is a hit contains it", () => {
  expect(notFoundWhy(own, [hit("first", 1, ["first", own])])).toBeUndefined();
});

test("a vector is found when all hits are as near as itself, to what float32 leaves of a cosine", () => {
  expect(notFoundWhy(own, others(1))).toBeUndefined();
  expect(notFoundWhy(own, others(1 - 9e-6))).toBeUndefined();
});

test("a vector is not found when one hit is farther than itself: it would have had its place", () => {
  const hits = [...others(1, hitsAsked - 1), hit("farther", 1 - 2e-5)];
  expect(notFoundWhy(own, hits)).toBe("it is not among 10 hits, of which the last has cosine 1.0000");
  expect(notFoundWhy(own, others(0.5))).toBe("it is not among 10 hits, of which the last has cosine 0.5000");
});

test("a vector is not found when there was room for it among the hits", () => {
  expect(notFoundWhy(own, others(1, hitsAsked - 1))).toMatch(/^it is not among 9 hits/);
  expect(notFoundWhy(own, [])).toBe("it has no hits");
});
