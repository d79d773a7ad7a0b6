import fc from "fast-check";
import { centreX, centreY, sameHeight } from "../../../core/receipts/box.ts";
import { latestOverlaps, type Span } from "../../../core/receipts/latest-overlaps.ts";
import { byNumber, type WordRow } from "../../../core/receipts/rows.ts";
import { wordNeighbours } from "../../../core/receipts/word-neighbours.ts";
import { cpuMsOf } from "../cpu-time.ts";
import { word } from "./rows-of.ts";

/** The neighbours as the design words them, and as they were found before F31: everybody is looked at for everybody. */
function neighboursByTheRule(words: readonly WordRow[]) {
  const byX = [...words].sort((a, b) => centreX(a) - centreX(b) || byNumber(a, b));
  const dx = (a: WordRow, b: WordRow) => Math.abs(centreX(a) - centreX(b));
  const dy = (a: WordRow, b: WordRow) => Math.abs(centreY(a) - centreY(b));
  const side = (self: WordRow, index: number, step: -1 | 1) => {
    const all = step < 0 ? byX.slice(0, index).reverse() : byX.slice(index + 1);
    const level = all.filter((other) => sameHeight(self, other)).slice(0, 2);
    const nearby = all
      .filter((other) => dx(self, other) > 0 && dx(self, other) <= 0.25 && dy(self, other) <= 0.05)
      .filter((other) => !sameHeight(self, other))
      .sort((a, b) => dy(self, a) - dy(self, b) || dx(self, a) - dx(self, b) || byNumber(a, b));
    return [...level, ...nearby].slice(0, 2).map(({ text }) => text);
  };
  return byX.map((self, index) => [self.text, side(self, index, -1), side(self, index, 1)]);
}

function found(words: readonly WordRow[]) {
  const neighbours = wordNeighbours(words, new Set());
  const texts = (some: readonly WordRow[] = []) => some.map(({ text }) => text);
  return [...neighbours].map(([self, { left, right }]) => [self.text, texts(left), texts(right)]);
}

const byText = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);

/** Few distinct values, so that ties and touching edges are common, or so near to one another that all are nearby. */
const words = fc.integer({ min: 12, max: 400 }).chain((steps) => {
  const share = fc.integer({ min: 0, max: 24 }).map((step) => step / steps);
  const height = fc.integer({ min: 0, max: 3 }).map((step) => step / steps);
  return fc
    .array(fc.record({ x: share, y: share, width: height, height }), { maxLength: 40 })
    .map((boxes) => boxes.map((box, index) => word(1 + (index % 4), index, `w${index}`, box)));
});

test("F31: every word has the neighbours that an exhaustive search finds", () => {
  fc.assert(
    fc.property(words, (some) => {
      expect(found(some).sort(byText)).toEqual(neighboursByTheRule(some).sort(byText));
    }),
    { numRuns: 500 },
  );
});

test("F31: the two latest overlaps are those that looking at all spans gives", () => {
  const span = fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 5 }))
    .map(([low, length]): Span => ({ low, high: low + length }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
      const byTheRule = spans.map(({ low, high }, position) =>
        spans
          .flatMap((other, at) => (at < position && other.low <= high && low <= other.high ? [at] : []))
          .slice(-2)
          .reverse(),
      );
      expect(latestOverlaps(spans)).toEqual(byTheRule);
    }),
  );
});

test("F31: the neighbours of 2,000 words of unequal heights cost a fraction of an exhaustive search", () => {
  const count = 2_000;
  const unequal = Array.from({ length: count }, (_, index) => {
    const [x, y] = [((index * 7_919) % count) / count, ((index * 104_729) % count) / count];
    return word(index, 1, "w", { x, y, width: 0.5 / count, height: ((index % 7) + 1) / (40 * count) });
  });
  const byTheRule = cpuMsOf(() => neighboursByTheRule(unequal));
  expect(cpuMsOf(() => wordNeighbours(unequal, new Set()))).toBeLessThan(byTheRule / 4);
});
