import { lineTexts, wordTexts } from "../../../core/receipts/embedded-texts.ts";
import type { LineRow } from "../../../core/receipts/rows.ts";
import { textDirection } from "../../../core/receipts/text-direction.ts";
import { type Box, line, word } from "./rows-of.ts";

type Point = { readonly x: number; readonly y: number };

/** A receipt of 38 lines in two columns, upright. */
const boxes: { readonly text: string; readonly box: Box }[] = Array.from({ length: 19 }, (_, row) => [
  { text: `item ${row}`, box: { x: 0.2, y: 0.86 - row * 0.035, width: 0.25, height: 0.018 } },
  { text: `${row}.00`, box: { x: 0.65, y: 0.86 - row * 0.035, width: 0.1, height: 0.018 } },
]).flat();

const upright = boxes.map(({ text, box }, index) => line(index + 1, text, box));

/** The receipt turned about the centre of the image, counter-clockwise, with the box around each text and its corners. */
function turned<Row extends LineRow>(
  rows: readonly Row[],
  degrees: number,
  changes: Partial<LineRow> = {},
): Row[] {
  const radians = (degrees * Math.PI) / 180;
  const about = ({ x, y }: Point): Point => ({
    x: 0.5 + (x - 0.5) * Math.cos(radians) - (y - 0.5) * Math.sin(radians),
    y: 0.5 + (x - 0.5) * Math.sin(radians) + (y - 0.5) * Math.cos(radians),
  });
  return rows.map((row) => {
    const { x, y, width, height } = row.bounding_box;
    const corners = {
      top_left: about({ x, y: y + height }),
      top_right: about({ x: x + width, y: y + height }),
      bottom_left: about({ x, y }),
      bottom_right: about({ x: x + width, y }),
    };
    const [xs, ys] = [Object.values(corners).map((one) => one.x), Object.values(corners).map((one) => one.y)];
    const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
    const around = { x: left, y: bottom, width: Math.max(...xs) - left, height: Math.max(...ys) - bottom };
    return { ...row, bounding_box: around, ...corners, angle_degrees: degrees, ...changes };
  });
}

/** As of an engine that gives the corners of the box around the text, and not those of the text. */
function withBoxCorners<Row extends LineRow>(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    const { x, y, width, height } = row.bounding_box;
    return {
      ...row,
      top_left: { x, y: y + height },
      top_right: { x: x + width, y: y + height },
      bottom_left: { x, y },
      bottom_right: { x: x + width, y },
    };
  });
}

const wholes = (rows: readonly LineRow[]) => {
  const texts = lineTexts(rows);
  return rows.map((row) => texts.get(row)?.whole);
};

const noCorners = {
  top_left: undefined,
  top_right: undefined,
  bottom_left: undefined,
  bottom_right: undefined,
} as Partial<LineRow>;

describe("F42: a receipt gives the rows, order and neighbours that it gives upright", () => {
  const turns = [90, -90, 180, -180, 270, 6, -6, 3, 20, 96, 174, -84];
  test.each(turns)("turned by %i degrees", (degrees) => {
    expect(wholes(turned(upright, degrees))).toEqual(wholes(upright));
  });

  test.each(turns)("turned by %i degrees, with the corners of the boxes around", (degrees) => {
    expect(wholes(withBoxCorners(turned(upright, degrees)))).toEqual(wholes(upright));
  });

  test.each(turns)("turned by %i degrees, without an angle", (degrees) => {
    expect(wholes(turned(upright, degrees, { angle_degrees: undefined }))).toEqual(wholes(upright));
  });

  test.each(turns)("turned by %i degrees, without corners", (degrees) => {
    expect(wholes(turned(upright, degrees, noCorners))).toEqual(wholes(upright));
  });

  test.each([1, 0.6, -2])("leaning by %d degrees only", (degrees) => {
    expect(wholes(turned(upright, degrees))).toEqual(wholes(upright));
  });

  test("when a third of its rows say another angle, or none", () => {
    const mixed = turned(upright, -90).map((row, index) =>
      index % 3 === 0 ? { ...row, angle_degrees: index % 2 === 0 ? 12 : 0 } : row,
    );
    expect(wholes(mixed)).toEqual(wholes(upright));
  });

  test("and so do its words", () => {
    const words = boxes.map(({ text, box }, index) => word(index + 1, 1, text, box));
    const textsOf = (rows: typeof words) => {
      const texts = wordTexts(rows);
      return rows.map((row) => texts.get(row)?.whole);
    };
    for (const degrees of turns) expect(textsOf(turned(words, degrees))).toEqual(textsOf(words));
  });

  test("mirrored corners are ignored, and give no direction", () => {
    const mirrored = upright.map((row) => ({ ...row, top_left: row.top_right, top_right: row.top_left }));
    expect(textDirection(mirrored.map((row) => ({ ...row, angle_degrees: undefined })))).toBeUndefined();
    expect(wholes(mirrored)).toEqual(wholes(upright));
  });

  test("upright rows are taken as they lie, whatever rounding says of their angle", () => {
    const nearly = upright.map((row, index) => ({ ...row, angle_degrees: index % 2 === 0 ? 0.2 : -0.2 }));
    expect(wholes(nearly)).toEqual(wholes(upright));
  });
});

describe("F42: what is no line of text among the others ties nothing together", () => {
  const at = (text: string, y: number, more: Partial<Box> = {}) => ({
    text,
    box: { x: 0.3, y, width: 0.3, height: 0.02, ...more },
  });
  const lines = (...some: ReturnType<typeof at>[]) =>
    some.map(({ text, box }, index) => line(index + 1, text, box));
  const rest = [at("one", 0.9), at("two", 0.8), at("three", 0.7), at("four", 0.6)];

  test.each([
    ["a box as large as the page", { x: 0, y: 0, width: 1, height: 1 }],
    ["a box around three lines", { x: 0.2, y: 0.65, width: 0.6, height: 0.3 }],
    ["a bar beside all lines", { x: 0.9, y: 0.1, width: 0.02, height: 0.85 }],
  ])("%s", (_, box) => {
    const texts = wholes(lines(...rest, { text: "PAGE", box }));
    expect(texts.slice(0, 4)).toEqual(wholes(lines(...rest)));
    expect(texts[4]).toBe("PAGE");
  });

  test("a line on its side beside upright ones", () => {
    const side = { ...line(5, "SIDE", { x: 0.9, y: 0.58, width: 0.02, height: 0.35 }), angle_degrees: -90 };
    expect(wholes([...lines(...rest), side]).slice(0, 4)).toEqual(wholes(lines(...rest)));
  });

  test("boxes without any size are lines like others", () => {
    const flat = lines(
      ...rest,
      at("left", 0.5, { width: 0, height: 0 }),
      at("right", 0.5, { x: 0.8, width: 0, height: 0 }),
    );
    expect(wholes(flat).slice(4)).toEqual(Array(2).fill("left right"));
  });

  test("the words around a word do not depend on the page", () => {
    const words = [
      word(1, 1, "left", { x: 0.1, y: 0.5, width: 0.1, height: 0.02 }),
      word(1, 2, "self", { x: 0.7, y: 0.5, width: 0.1, height: 0.02 }),
      word(2, 1, "under", { x: 0.6, y: 0.4, width: 0.1, height: 0.02 }),
      word(3, 1, "PAGE", { x: 0, y: 0, width: 1, height: 1 }),
    ];
    const texts = wordTexts(words);
    expect(words[1] && texts.get(words[1])?.whole).toBe("<EDGE> left self <EDGE> <EDGE>");
  });
});

describe("F42: columns that are not level with each other", () => {
  /** Two columns of ten lines of the height of their distance, so that each line touches two of the other column. */
  const columns = (offset: number) =>
    Array.from({ length: 10 }, (_, level) => [
      line(2 * level + 1, `left${level}`, { x: 0.05, y: 0.9 - level * 0.04, width: 0.35, height: 0.04 }),
      line(2 * level + 2, `right${level}`, {
        x: 0.55,
        y: 0.9 - level * 0.04 - offset,
        width: 0.35,
        height: 0.04,
      }),
    ]).flat();

  test.each([0.02, 0.015, 0.01])("%d apart: a line's row is of its own level", (offset) => {
    const texts = wholes(columns(offset));
    texts.forEach((text, index) => {
      const level = index >> 1;
      for (const [, number] of (text ?? "").matchAll(/(?:left|right)(\d)/g)) {
        expect(Math.abs(Number(number) - level)).toBeLessThanOrEqual(1);
      }
    });
  });

  test("one column beside a high line stays one row, as an eye sees it", () => {
    const price = line(3, "9.00", { x: 0.8, y: 0.48, width: 0.1, height: 0.09 });
    const rows = [
      line(1, "item", { x: 0.1, y: 0.54, width: 0.2, height: 0.02 }),
      line(2, "of two lines", { x: 0.1, y: 0.5, width: 0.2, height: 0.02 }),
      price,
    ];
    expect(wholes(rows)[0]).toBe("item of two lines 9.00");
  });
});
