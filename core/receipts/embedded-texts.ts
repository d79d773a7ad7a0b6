import type { LineRow, WordRow } from "./rows.ts";
import { rowsApart } from "./rows-apart.ts";
import { textDirection } from "./text-direction.ts";
import { uprightRows } from "./upright-rows.ts";
import { rowsInContext } from "./visual-rows.ts";
import { type Neighbours, slots, wordNeighbours } from "./word-neighbours.ts";

/**
 * Names these rules. Change it with them: it is part of a run's identity, so a receipt that is exported again is
 * embedded again. 1.1 gives an upright receipt of rows that stand apart the texts of 1.
 */
export const textFormat = "receipt-text/1.1";

/** Formats that runs were made with before. Their rows are found by them, to embed a receipt again whose delta is lost. */
export const formerTextFormats: readonly string[] = ["receipt-text/1"];

/** Stands where a receipt ends and there is no neighbour. */
export const edge = "<EDGE>";

/** What a text is made of, in order: joined, the parts are the text. */
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
  /** Made when they are asked for: many texts of one row share the whole. */
  readonly parts: () => TextParts;
}

/** The embedded text of each line: `{row above}\n{own row}\n{row below}`. */
export function lineTexts(
  lines: readonly LineRow[],
  direction = textDirection(lines),
): Map<LineRow, ContextText> {
  const upright = uprightRows(lines, direction);
  const contexts = rowsInContext(upright, rowsApart(upright, direction));
  const joined = new Map<readonly LineRow[], string>();
  const textOf = (row: readonly LineRow[] | undefined) => {
    if (row === undefined) return edge;
    const text = joined.get(row) ?? row.map((line) => line.text).join(" ");
    joined.set(row, text);
    return text;
  };
  const texts = new Map<LineRow, ContextText>();
  const wholes = new Map<object, string>();
  upright.forEach((line, position) => {
    const context = contexts.get(line);
    const original = lines[position];
    if (context === undefined || original === undefined) return;
    const [above, below] = [textOf(context.above), textOf(context.below)];
    const whole = wholes.get(context) ?? [above, textOf(context.row), below].join("\n");
    wholes.set(context, whole);
    const parts = (): TextParts => {
      const at = context.row.indexOf(line);
      const left = context.row.slice(0, at).map(({ text }) => `${text} `);
      const right = context.row.slice(at + 1).map(({ text }) => ` ${text}`);
      return { before: [`${above}\n`, left.join("")], own: line.text, after: [right.join(""), `\n${below}`] };
    };
    texts.set(original, { whole, parts });
  });
  return texts;
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

/** A text in every slot, the left ones farthest first. */
function slotsOf({ left, right }: Neighbours<WordRow>): {
  readonly left: string[];
  readonly right: string[];
} {
  const filled = (words: readonly WordRow[]) =>
    Array.from({ length: slots }, (_, slot) => words[slot]?.text ?? edge);
  return { left: filled(left).reverse(), right: filled(right) };
}
