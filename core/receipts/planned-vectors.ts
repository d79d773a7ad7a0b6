import { hasVisibleText } from "../text/visible-text.ts";
import { centreX, centreY } from "./box.ts";
import { type ContextText, type LineText, lineTexts, wordTexts } from "./embedded-texts.ts";
import { extractedFacts } from "./extracted-facts.ts";
import { byNumber, type LineRow, type WordRow } from "./rows.ts";
import { textDirection } from "./text-direction.ts";
import { lineVectorId, wordVectorId } from "./vector-ids.ts";
import type { BoxMetadata, LineMetadata, WordMetadata } from "./vector-metadata.ts";

/** A vector before it is embedded. */
export interface PlannedVector {
  readonly id: string;
  /** The bare text of the line or word. */
  readonly document: string;
  readonly metadata: LineMetadata | WordMetadata;
  /** The text to embed: the document with its context. */
  readonly text: string;
}

/** A planned vector with its row. */
export interface PlannedRow<Row> extends PlannedVector {
  readonly row: Row;
  /** The parts of the text, for truncation to the model's limit. */
  readonly parts: ContextText["parts"];
}

/**
 * One planned vector per line, by line_id, with what was extracted of its words. Noise and lines without visible text are
 * context only. `direction` is that of the receipt's text, from `textDirection`.
 */
export function planLines(
  lines: readonly LineRow[],
  words: readonly WordRow[],
  direction = textDirection(lines),
): PlannedRow<LineRow>[] {
  const byLine = Map.groupBy(words.toSorted(byNumber), ({ line_id }) => line_id);
  const metadata = (row: LineRow, text: LineText) => ({
    ...lineMetadata(row, text),
    ...extractedFacts(byLine.get(row.line_id) ?? []),
  });
  return plan(lines, lineTexts(lines, direction), lineVectorId, metadata);
}

/** The same for words, by line_id and word_id. */
export function planWords(
  words: readonly WordRow[],
  direction = textDirection(words),
): PlannedRow<WordRow>[] {
  return plan(words, wordTexts(words, direction), wordVectorId, wordMetadata);
}

function plan<Row extends LineRow, Text extends ContextText>(
  rows: readonly Row[],
  texts: ReadonlyMap<Row, Text>,
  id: (row: Row) => string,
  metadata: (row: Row, text: Text) => LineMetadata | WordMetadata,
): PlannedRow<Row>[] {
  return rows
    .filter((row) => !row.is_noise && hasVisibleText(row.text))
    .sort(byNumber)
    .flatMap((row) => {
      const text = texts.get(row);
      if (text === undefined) return [];
      const { whole, parts } = text;
      return { id: id(row), document: row.text, metadata: metadata(row, text), text: whole, parts, row };
    });
}

function lineMetadata(row: LineRow, { place }: LineText): LineMetadata {
  return { ...boxMetadata(row), ...place };
}

function boxMetadata(row: LineRow): BoxMetadata {
  const { width, height } = row.bounding_box;
  return {
    image_id: row.image_id,
    receipt_id: row.receipt_id,
    line_id: row.line_id,
    text: row.text,
    x: centreX(row),
    y: centreY(row),
    width,
    height,
    confidence: row.confidence,
  };
}

function wordMetadata(row: WordRow): WordMetadata {
  return { ...boxMetadata(row), word_id: row.word_id, ...extractedFacts([row]) };
}
