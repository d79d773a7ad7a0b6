import { centreY } from "./box.ts";
import type { LineRow } from "./rows.ts";
import { fromLeft, tiedRows } from "./tied-rows.ts";

/** Maximum number of columns to the right that are searched for a row's continuation. */
const columnsAhead = 8;

/** A row within one column. */
interface Part<Row> {
  readonly column: number;
  readonly lines: readonly Row[];
  /** Mean centre of its lines. */
  readonly centre: number;
  readonly halfHeight: number;
}

/**
 * Adjacent columns that are vertically offset by part of a line merge all lines into one row. Then each column is split
 * into rows by itself, and a row continues in another column if its nearest row is level with it. Undefined if at most
 * one column has more than one row: the other columns are then beside all of it.
 */
export function splitColumns<Row extends LineRow>(tied: readonly Row[]): Row[][] | undefined {
  if (tied.length < 4) return undefined;
  const columns = columnsOf(tied).map((lines) => tiedRows(lines));
  if (columns.filter((rows) => rows.length > 1).length < 2) return undefined;
  const parts = columns.map((rows, column) => rows.map((lines) => partOf(lines, column)));
  const group = acrossColumns(parts);
  const members = new Map(
    [...new Set(parts.flat().map(group))].map((key) => [
      key,
      [...key].flatMap(({ lines }) => lines).sort(fromLeft),
    ]),
  );
  return [...members.values()].sort(
    (a, b) => highest(b) - highest(a) || (a[0]?.line_id ?? 0) - (b[0]?.line_id ?? 0),
  );
}

/** Groups lines that overlap horizontally, from left to right. */
function columnsOf<Row extends LineRow>(lines: readonly Row[]): Row[][] {
  const columns: Row[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const line of [...lines].sort(fromLeft)) {
    const { x, width } = line.bounding_box;
    const column = x < end ? columns.at(-1) : undefined;
    if (column) column.push(line);
    else columns.push([line]);
    end = Math.max(end, x + width);
  }
  return columns;
}

function partOf<Row extends LineRow>(lines: readonly Row[], column: number): Part<Row> {
  const sum = lines.reduce((total, line) => total + centreY(line), 0);
  const heights = lines.map(({ bounding_box: { height } }) => height);
  return { column, lines, centre: sum / lines.length, halfHeight: Math.max(...heights) / 2 };
}

/** The group of each part. The nearest parts are joined first, and no group has two parts of one column. */
function acrossColumns<Row>(columns: readonly (readonly Part<Row>[])[]): (part: Part<Row>) => Set<Part<Row>> {
  const groups = new Map(columns.flat().map((part) => [part, new Set([part])]));
  const group = (part: Part<Row>) => groups.get(part) ?? new Set([part]);
  const pairs = columns.flatMap((column, position) =>
    columns.slice(position + 1, position + 1 + columnsAhead).flatMap((other) => nearestPairs(column, other)),
  );
  for (const { one, other } of pairs.sort((a, b) => a.distance - b.distance)) {
    const [into, from] = [group(one), group(other)];
    const taken = new Set([...into].map(({ column }) => column));
    if (into === from || [...from].some(({ column }) => taken.has(column))) continue;
    for (const part of from) {
      into.add(part);
      groups.set(part, into);
    }
  }
  return group;
}

interface Pair<Row> {
  readonly one: Part<Row>;
  readonly other: Part<Row>;
  readonly distance: number;
}

/**
 * Each part of one column with the nearest of another, if they are level. Both are descending, so one pass suffices.
 */
function nearestPairs<Row>(column: readonly Part<Row>[], other: readonly Part<Row>[]): Pair<Row>[] {
  const found: Pair<Row>[] = [];
  let at = 0;
  for (const one of column) {
    while (at + 1 < other.length && distance(one, other[at + 1]) <= distance(one, other[at])) at += 1;
    const nearest = other[at];
    if (nearest === undefined) continue;
    const pair = { one, other: nearest, distance: distance(one, nearest) };
    if (pair.distance <= Math.max(one.halfHeight, nearest.halfHeight)) found.push(pair);
  }
  return found;
}

function distance<Row>(one: Part<Row>, other: Part<Row> | undefined): number {
  return other === undefined ? Number.POSITIVE_INFINITY : Math.abs(one.centre - other.centre);
}

function highest(lines: readonly LineRow[]): number {
  return Math.max(...lines.map(centreY));
}
