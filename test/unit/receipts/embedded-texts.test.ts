import fc from "fast-check";
import { type ContextText, lineTexts, wordTexts } from "../../../core/receipts/embedded-texts.ts";
import type { LineRow, WordRow } from "../../../core/receipts/rows.ts";
import { line, word } from "./rows-of.ts";

function wholes<Row extends LineRow>(texts: ReadonlyMap<Row, ContextText>): Map<Row, string> {
  return new Map([...texts].map(([row, { whole }]) => [row, whole]));
}

function at(x: number, y: number) {
  return { x, y, width: 0.1, height: 0.02 };
}

describe("the text of a line", () => {
  const lines = [
    line(1, "CORNER CAFE", at(0.4, 0.9)),
    line(2, "LATTE", at(0.1, 0.8)),
    line(3, "3.20", at(0.8, 0.8)),
    line(4, "THANK YOU", at(0.4, 0.7)),
  ];
  const texts = wholes(lineTexts(lines));

  test("is its own visual row, which its lines share", () => {
    expect(lines.map((row) => texts.get(row))).toEqual([
      "CORNER CAFE",
      "LATTE 3.20",
      "LATTE 3.20",
      "THANK YOU",
    ]);
  });

  test("leaves out noise and what cannot be seen", () => {
    const smudge = line(1, "~~", at(0.1, 0.8), { is_noise: true });
    const blank = line(2, "\u200b", at(0.3, 0.8));
    const total = line(3, "TOTAL", at(0.6, 0.8));
    expect(lineTexts([smudge, blank, total]).get(total)?.whole).toBe("TOTAL");
  });

  test("names the row, from the highest down, and the place in it, from the left", () => {
    const places = lineTexts(lines);
    expect(lines.map((row) => places.get(row)?.place)).toEqual([
      { row: 0, column: 0 },
      { row: 1, column: 0 },
      { row: 1, column: 1 },
      { row: 2, column: 0 },
    ]);
  });
});

/** The text of the word called `of` among these. */
function textOf(of: string, words: readonly WordRow[]): string | undefined {
  const texts = wholes(wordTexts(words));
  return [...texts].find(([row]) => row.text === of)?.[1];
}

describe("the text of a word", () => {
  const row = ["one", "two", "THREE", "four", "five", "six"].map((text, index) =>
    word(1, index + 1, text, { x: index * 0.12, y: 0.5, width: 0.1, height: 0.02 }),
  );

  test("is the word between its two neighbours on each side, by x", () => {
    expect(textOf("THREE", row)).toBe("one two THREE four five");
  });

  test("has an edge for each missing slot, outermost first", () => {
    expect(textOf("two", row.slice(0, 3))).toBe("<EDGE> one two THREE <EDGE>");
    expect(textOf("one", row.slice(0, 1))).toBe("<EDGE> <EDGE> one <EDGE> <EDGE>");
  });

  test("takes a word of its own height that is far away before one nearby on the row above", () => {
    const words = [
      word(1, 1, "far", at(0, 0.5)),
      word(2, 1, "above", at(0.6, 0.53)),
      word(1, 2, "self", at(0.7, 0.5)),
    ];
    expect(textOf("self", words)).toBe("above far self <EDGE> <EDGE>");
  });

  test("counts spans that only touch as the same height", () => {
    const words = [
      word(1, 1, "low", { x: 0, y: 0.25, width: 0.1, height: 0.25 }),
      word(2, 1, "self", at(0.7, 0.5)),
    ];
    expect(textOf("self", words)).toBe("<EDGE> low self <EDGE> <EDGE>");
  });

  test("fills up from the rows around, nearest by height, then by x; the left list farthest first", () => {
    const words = [
      word(1, 1, "self", at(0.5, 0.5)),
      word(2, 1, "nearer", at(0.45, 0.53)),
      word(2, 2, "wider", at(0.3, 0.53)),
      word(3, 1, "higher", at(0.48, 0.545)),
      word(4, 1, "right", at(0.6, 0.53)),
    ];
    expect(textOf("self", words)).toBe("wider nearer self right <EDGE>");
  });

  test.each([
    ["more than 0.05 above", at(0.45, 0.56)],
    ["more than 0.25 to the side", at(0.2, 0.53)],
    ["exactly above, so on no side", at(0.5, 0.53)],
  ])("leaves out a word that is %s", (_, box) => {
    expect(textOf("self", [word(1, 1, "self", at(0.5, 0.5)), word(2, 1, "other", box)])).toBe(
      "<EDGE> <EDGE> self <EDGE> <EDGE>",
    );
  });

  test("shows noise as a neighbour", () => {
    const words = [word(1, 1, "|", at(0.1, 0.5), { is_noise: true }), word(1, 2, "self", at(0.3, 0.5))];
    expect(textOf("self", words)).toBe("<EDGE> | self <EDGE> <EDGE>");
  });
});

const share = fc.integer({ min: 0, max: 24 }).map((steps) => steps / 24);
const manyWords = fc
  .array(
    fc.record({
      x: share,
      y: share,
      wide: fc.integer({ min: 0, max: 4 }),
      high: fc.integer({ min: 0, max: 3 }),
    }),
    {
      maxLength: 25,
    },
  )
  .map((boxes) =>
    boxes.map(({ x, y, wide, high }, index) =>
      word(1 + (index % 4), index, `w${index}`, { x, y, width: wide / 24, height: high / 24 }),
    ),
  );

/** Lines with a number each, as parsing leaves them: of rows with the same number only the first stays. */
const manyLines = manyWords.map((words) =>
  words.map(({ text, bounding_box }, index) => line(index, text, bounding_box)),
);

/** The same rows in two orders. */
function shuffled<Row>(someRows: fc.Arbitrary<Row[]>): fc.Arbitrary<[Row[], Row[]]> {
  return someRows.chain((rows) =>
    fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
  );
}

test("texts of lines do not depend on the order of the rows", () => {
  fc.assert(
    fc.property(shuffled(manyLines), ([lines, others]) => {
      const [before, after] = [wholes(lineTexts(lines)), wholes(lineTexts(others))];
      expect(lines.map((row) => after.get(row))).toEqual(lines.map((row) => before.get(row)));
    }),
  );
});

test("texts of words do not depend on the order of the rows", () => {
  fc.assert(
    fc.property(shuffled(manyWords), ([words, others]) => {
      const [before, after] = [wholes(wordTexts(words)), wholes(wordTexts(others))];
      expect(words.map((row) => after.get(row))).toEqual(words.map((row) => before.get(row)));
    }),
  );
});

test("every word stands between exactly two slots on each side and never beside itself", () => {
  fc.assert(
    fc.property(manyWords, (words) => {
      for (const [row, text] of wholes(wordTexts(words))) {
        const slots = text.split(" ");
        expect(slots).toHaveLength(5);
        expect(slots[2]).toBe(row.text);
        expect(slots.filter((slot) => slot === row.text)).toHaveLength(1);
      }
    }),
  );
});

test("the parts of a text, joined, are the text", () => {
  fc.assert(
    fc.property(manyLines, manyWords, (lines, words) => {
      for (const [row, { whole, parts }] of [...lineTexts(lines), ...wordTexts(words)]) {
        const { before, own, after } = parts();
        expect(own).toBe(row.text);
        expect([...before, own, ...after].join("")).toBe(whole);
      }
    }),
  );
});
