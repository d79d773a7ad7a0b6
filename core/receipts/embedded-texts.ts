import { centreX, centreY, sameHeight } from "./box.ts";
import { byNumber, type LineRow, type WordRow } from "./rows.ts";
import { visualRows } from "./visual-rows.ts";

/** Names these rules. Change it with them: it is part of a run's identity, so receipts are embedded anew. */
export const textFormat = "receipt-text/1";

/** Stands where a receipt ends and there is no neighbour. */
export const edge = "<EDGE>";

const slots = 2;
const nearbyHeight = 0.05;
const nearbyWidth = 0.25;

/** The embedded text of each line: `{row above}\n{own row}\n{row below}`. */
export function lineTexts(lines: readonly LineRow[]): Map<LineRow, string> {
  const rows = visualRows(lines);
  const rowTexts = rows.map((row) => row.map((line) => line.text).join(" "));
  const texts = new Map<LineRow, string>();
  rows.forEach((row, index) => {
    const text = [rowTexts[index - 1] ?? edge, rowTexts[index], rowTexts[index + 1] ?? edge].join("\n");
    for (const line of row) texts.set(line, text);
  });
  return texts;
}

/** The embedded text of each word: `left2 left1 word right1 right2`. */
export function wordTexts(words: readonly WordRow[]): Map<WordRow, string> {
  const byX = [...words].sort((a, b) => centreX(a) - centreX(b) || byNumber(a, b));
  const texts = new Map<WordRow, string>();
  byX.forEach((word, index) => {
    const left = neighbours(word, byX, index, -1);
    const right = neighbours(word, byX, index, 1);
    texts.set(word, [...left.reverse(), word.text, ...right].join(" "));
  });
  return texts;
}

/** Texts of the two neighbours on one side, the first choice first, `<EDGE>` where there is none. */
function neighbours(word: WordRow, byX: readonly WordRow[], index: number, step: -1 | 1): string[] {
  const chosen: WordRow[] = [];
  for (let at = index + step; chosen.length < slots; at += step) {
    const other = byX[at];
    if (!other) break;
    if (sameHeight(word, other)) chosen.push(other);
  }
  if (chosen.length < slots) chosen.push(...nearby(word, byX, index, step).slice(0, slots - chosen.length));
  return Array.from({ length: slots }, (_, slot) => chosen[slot]?.text ?? edge);
}

/** Words a little above or below on one side, nearest first by vertical, then horizontal distance. */
function nearby(word: WordRow, byX: readonly WordRow[], index: number, step: -1 | 1): WordRow[] {
  const found: WordRow[] = [];
  for (let at = index + step; ; at += step) {
    const other = byX[at];
    if (!other || distanceX(word, other) > nearbyWidth) break;
    if (distanceX(word, other) === 0 || sameHeight(word, other)) continue;
    if (distanceY(word, other) <= nearbyHeight) found.push(other);
  }
  return found.sort(
    (a, b) =>
      distanceY(word, a) - distanceY(word, b) || distanceX(word, a) - distanceX(word, b) || byNumber(a, b),
  );
}

function distanceX(a: WordRow, b: WordRow): number {
  return Math.abs(centreX(a) - centreX(b));
}

function distanceY(a: WordRow, b: WordRow): number {
  return Math.abs(centreY(a) - centreY(b));
}
