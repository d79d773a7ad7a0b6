import { hasVisibleText } from "../text/visible-text.ts";
import { centreY } from "./box.ts";
import type { LineRow, WordRow } from "./rows.ts";
import { rowsApart } from "./rows-apart.ts";
import { textDirection } from "./text-direction.ts";
import { uprightRows } from "./upright-rows.ts";
import { rowOfEachLine } from "./visual-rows.ts";
import { type Neighbours, slots, wordNeighbours } from "./word-neighbours.ts";

/**
 * The version of these rules. Change it with them: it is part of a run's identity, so that a receipt is embedded again
 * when it is exported again. Version 2 embeds a line with its own row only: with the rows around it, retrieval was
 * worse in every tested model.
 */
export const textFormat = "receipt-text/2";

/** Earlier versions. Runs of these versions can be identified by them, to embed a receipt again whose delta is lost. */
export const formerTextFormats: readonly string[] = ["receipt-text/1.1", "receipt-text/1"];

/** Placeholder for a missing neighbour at the edge of a receipt. */
export const edge = "<EDGE>";

/** The parts of a text, in order; joined, they are the text. */
export interface TextParts {
  /** Context, the nearest last. */
  readonly before: readonly string[];
  /** The row's own text. */
  readonly own: string;
  /** Context, the nearest first. */
  readonly after: readonly string[];
}

export interface ContextText {
  readonly whole: string;
  /** Computed on demand: the texts of one row share most of it. */
  readonly parts: () => TextParts;
}

/** The position of a line: its row, 0 for the highest, and its place in the row, 0 for the leftmost. */
export interface RowPlace {
  readonly row: number;
  readonly column: number;
}

export interface LineText extends ContextText {
  readonly place: RowPlace;
}

/**
 * The embedded text of each line: its own visual row, from left to right. Noise and lines without visible text are
 * excluded. The lines of a row share one text, which is embedded once.
 */
export function lineTexts(
  lines: readonly LineRow[],
  direction = textDirection(lines),
): Map<LineRow, LineText> {
  const upright = uprightRows(lines, direction);
  const rowOf = rowOfEachLine(upright, rowsApart(upright, direction));
  const numbers = rowNumbers([...rowOf.values()]);
  const rows = new Map<readonly LineRow[], { readonly shown: readonly LineRow[]; readonly whole: string }>();
  const texts = new Map<LineRow, LineText>();
  upright.forEach((line, position) => {
    const row = rowOf.get(line);
    const original = lines[position];
    if (row === undefined || original === undefined) return;
    const { shown, whole } = rows.get(row) ?? shownRow(row);
    rows.set(row, { shown, whole });
    const at = shown.indexOf(line);
    const parts = (): TextParts => ({
      before: [
        shown
          .slice(0, Math.max(0, at))
          .map(({ text }) => `${text} `)
          .join(""),
      ],
      own: line.text,
      after: [
        shown
          .slice(at + 1)
          .map(({ text }) => ` ${text}`)
          .join(""),
      ],
    });
    texts.set(original, { whole, parts, place: { row: numbers.get(row) ?? 0, column: row.indexOf(line) } });
  });
  return texts;
}

function shownRow(row: readonly LineRow[]) {
  const shown = row.filter((line) => !line.is_noise && hasVisibleText(line.text));
  return { shown, whole: shown.map(({ text }) => text).join(" ") };
}

/** Rows from the highest down. */
function rowNumbers(all: readonly (readonly LineRow[])[]): Map<readonly LineRow[], number> {
  const height = (row: readonly LineRow[]) => Math.max(...row.map(centreY));
  const rows = [...new Set(all)].map((row) => ({ row, height: height(row) }));
  rows.sort((one, other) => other.height - one.height);
  return new Map(rows.map(({ row }, number) => [row, number]));
}

/** The embedded text of each word: `left2 left1 word right1 right2`. */
export function wordTexts(
  words: readonly WordRow[],
  direction = textDirection(words),
): Map<WordRow, ContextText> {
  const upright = uprightRows(words, direction);
  const neighbours = wordNeighbours(upright, rowsApart(upright, direction));
  const texts = new Map<WordRow, ContextText>();
  upright.forEach((word, position) => {
    const original = words[position];
    const beside = neighbours.get(word);
    if (original === undefined || beside === undefined) return;
    const { left, right } = slotsOf(beside);
    const whole = [...left, word.text, ...right].join(" ");
    const parts = () => ({
      before: left.map((text) => `${text} `),
      own: word.text,
      after: right.map((text) => ` ${text}`),
    });
    texts.set(original, { whole, parts });
  });
  return texts;
}

/** One text per slot, the left ones farthest first. */
function slotsOf({ left, right }: Neighbours<WordRow>): {
  readonly left: string[];
  readonly right: string[];
} {
  const filled = (words: readonly WordRow[]) =>
    Array.from({ length: slots }, (_, slot) => words[slot]?.text ?? edge);
  return { left: filled(left).reverse(), right: filled(right) };
}
