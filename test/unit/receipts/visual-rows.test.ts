import fc from "fast-check";
import type { LineRow } from "../../../core/receipts/rows.ts";
import { tiedRows } from "../../../core/receipts/tied-rows.ts";
import { visualRows } from "../../../core/receipts/visual-rows.ts";
import { line } from "./rows-of.ts";

function idsOf(rows: readonly LineRow[][]): number[][] {
  return rows.map((row) => row.map((member) => member.line_id));
}

function at(lineId: number, x: number, y: number, height: number): LineRow {
  return line(lineId, `line ${lineId}`, { x, y, width: 0.1, height });
}

test("lines beside each other share a row, left to right", () => {
  expect(idsOf(visualRows([at(1, 0.6, 0.5, 0.02), at(2, 0.1, 0.505, 0.02)]))).toEqual([[2, 1]]);
});

test("rows run from the top of the receipt, where y is greatest, to the bottom", () => {
  expect(idsOf(visualRows([at(1, 0.1, 0.1, 0.02), at(2, 0.1, 0.9, 0.02), at(3, 0.1, 0.5, 0.02)]))).toEqual([
    [2],
    [3],
    [1],
  ]);
});

test("a centre exactly on the edge of the other's span counts as inside", () => {
  expect(idsOf(visualRows([at(1, 0.1, 0.5, 0.25), at(2, 0.5, 0.625, 0.25)]))).toEqual([[1, 2]]);
});

test("spans that overlap without either centre inside the other make two rows", () => {
  expect(idsOf(visualRows([at(1, 0.1, 0.5, 0.02), at(2, 0.5, 0.515, 0.02)]))).toEqual([[2], [1]]);
});

test("a tall line joins the lines that it stands beside", () => {
  const lines = [at(1, 0.1, 0.5, 0.02), at(2, 0.1, 0.6, 0.02), at(3, 0.8, 0.48, 0.2)];
  expect(idsOf(visualRows(lines))).toEqual([[1, 2, 3]]);
});

test("lines with the same x stand by line_id", () => {
  expect(idsOf(visualRows([at(7, 0.1, 0.5, 0.02), at(3, 0.1, 0.5, 0.02)]))).toEqual([[3, 7]]);
});

/** Few distinct values, so that ties, touching edges and equal boxes are common. */
const share = fc.integer({ min: 0, max: 32 }).map((steps) => steps / 32);
const manyLines = fc
  .array(
    fc.record({ x: share, y: share, height: fc.integer({ min: 0, max: 8 }).map((steps) => steps / 32) }),
    {
      maxLength: 30,
    },
  )
  .map((boxes) => boxes.map((box, index) => at(index + 1, box.x, box.y, box.height)));

/** The rule as the design words it: pairs, closed transitively, by repeated merging. */
function rowsByTheRule(lines: readonly LineRow[]): string[] {
  const centre = ({ bounding_box: box }: LineRow) => box.y + box.height / 2;
  const inside = (a: LineRow, b: LineRow) =>
    centre(a) >= b.bounding_box.y && centre(a) <= b.bounding_box.y + b.bounding_box.height;
  let groups = lines.map((member) => [member]);
  for (const a of lines) {
    for (const b of lines) {
      if (!inside(a, b) && !inside(b, a)) continue;
      const touched = groups.filter((group) => group.includes(a) || group.includes(b));
      groups = [...groups.filter((group) => !touched.includes(group)), touched.flat()];
    }
  }
  return groups
    .map((group) =>
      group
        .map((member) => member.line_id)
        .sort((a, b) => a - b)
        .join(","),
    )
    .sort();
}

test("every set of lines is tied together as the pairwise rule says", () => {
  fc.assert(
    fc.property(manyLines, (lines) => {
      const rows = idsOf(tiedRows(lines)).map((row) => row.sort((a, b) => a - b).join(","));
      expect(rows.sort()).toEqual(rowsByTheRule(lines));
    }),
  );
});

test("every line is in one row, and no two lines that stand apart in all heights share one", () => {
  fc.assert(
    fc.property(manyLines, (lines) => {
      const rows = idsOf(visualRows(lines));
      expect(rows.flat().sort((a, b) => a - b)).toEqual(lines.map(({ line_id }) => line_id));
      const tied = idsOf(tiedRows(lines));
      for (const row of rows) expect(tied.some((one) => row.every((id) => one.includes(id)))).toBe(true);
    }),
  );
});

test("the order of the lines in the file does not matter", () => {
  const shuffled = manyLines.chain((lines) =>
    fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })),
  );
  fc.assert(
    fc.property(shuffled, ([lines, others]) => {
      expect(idsOf(visualRows(others))).toEqual(idsOf(visualRows(lines)));
    }),
  );
});
