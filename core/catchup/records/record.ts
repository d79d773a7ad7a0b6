import { tokenBound } from "../../embedding/limits.ts";
import { countTokensUpTo } from "../../text/tokens.ts";
import { hasVisibleText } from "../../text/visible-text.ts";
import { hasLoneSurrogate } from "../../text/well-formed-text.ts";
import { type CellValue, type ColumnType, readCell } from "./cell-value.ts";
import { cellOf, type FailedRecord, failed, type SourceRow } from "./failed-record.ts";
import { type MetadataLimits, unfilterableKeys } from "./metadata-limits.ts";
import { metadataName } from "./metadata-name.ts";
import { type PlacementRules, placementOf } from "./row-placement.ts";
import { sanitiseText } from "./sanitise-text.ts";

/** The validation rules for the rows of a task. */
export interface RecordRules extends PlacementRules {
  /** The types that the stack declares, by column. */
  readonly columnTypes: Readonly<Record<string, ColumnType>>;
  /** Types of the file's columns. If undefined, the type of each cell is inferred. */
  readonly columnKinds?: ColumnKinds | undefined;
  /** Maximum number of tokens per text. */
  readonly tokensPerText: number;
  /** Name of the sink in messages. */
  readonly sink: string;
  readonly limits: MetadataLimits;
}

/** Columns in which every cell is a number, or every cell a boolean. All others are strings. */
export interface ColumnKinds {
  readonly numbers: ReadonlySet<string>;
  readonly booleans: ReadonlySet<string>;
}

/** A row for the index. */
export interface IndexRecord {
  /** `{question_id}.{id}` */
  readonly id: string;
  readonly namespace: string;
  readonly text: string;
  /** Number of tokens of the text, or an upper bound if that is sufficient. */
  readonly tokens: number;
  readonly metadata: Readonly<Record<string, CellValue>>;
  readonly origin: SourceRow;
}

export type RowReading =
  | { readonly kind: "record"; readonly record: IndexRecord }
  | { readonly kind: "failed"; readonly failure: FailedRecord }
  | { readonly kind: "filtered" };

/**
 * Classifies a row as a record, a failure with its reason, or outside the dates. All sources and hosts use the same
 * rules.
 */
export function readRecord(row: SourceRow, rules: RecordRules): RowReading {
  const fail = (reason: FailedRecord["reason"], detail: string): RowReading => ({
    kind: "failed",
    failure: failed(row, reason, detail),
  });
  const place = placementOf(row, rules);
  if (place === "filtered") return { kind: "filtered" };
  if ("reason" in place) return fail(place.reason, place.detail);
  const unsupported = unsupportedCharacters(row);
  if (unsupported !== undefined) return fail("characters_unfit", unsupported);
  const text = sanitiseText(cellOf(row, "formatted_text"));
  if (text === undefined) {
    return fail("markup_unfit", "The markup in column formatted_text is nested too deeply.");
  }
  if (!hasVisibleText(text)) return fail("text_blank", "The column formatted_text has no visible text.");
  const bytes = Buffer.byteLength(text);
  const { sink, limits } = rules;
  if (bytes > limits.metadataBytes) {
    return fail(
      "text_too_long",
      `The text has ${bytes} bytes; the limit of ${sink} is ${limits.metadataBytes} per record.`,
    );
  }
  const tokens = tokensOf(text, rules.tokensPerText);
  if (tokens > rules.tokensPerText) {
    return fail(
      "text_too_long",
      `The text has more tokens than the model's limit of ${rules.tokensPerText}.`,
    );
  }
  const { metadata, problems } = readMetadata(row, rules, text);
  if (problems.length > 0) return fail("metadata_type", problems.join("; "));
  const tooLarge = metadataProblem(metadata, sink, limits);
  if (tooLarge !== undefined) return fail("metadata_too_large", tooLarge);
  return { kind: "record", record: { ...place, text, tokens, metadata, origin: row } };
}

function metadataProblem(
  metadata: Readonly<Record<string, CellValue>>,
  sink: string,
  { metadataBytes, filterableBytes, metadataKeys }: MetadataLimits,
): string | undefined {
  const size = jsonBytes(metadata);
  if (size > metadataBytes)
    return `The metadata has ${size} bytes; the limit of ${sink} is ${metadataBytes}.`;
  // An incremental run adds the content hash.
  const keys = Object.keys(metadata).length + 1;
  if (keys > metadataKeys) {
    return `The record has ${keys - 1} columns; the limit of ${sink} is ${metadataKeys - 1}.`;
  }
  if (filterableBytes === metadataBytes) return undefined;
  const filterable = Object.entries(metadata).filter(([key]) => !isUnfilterable(key));
  const filterableSize = jsonBytes(Object.fromEntries(filterable));
  if (filterableSize <= filterableBytes) return undefined;
  return `The columns beside the text have ${filterableSize} bytes; the limit of ${sink} is ${filterableBytes}.`;
}

function isUnfilterable(key: string): boolean {
  return unfilterableKeys.some((one) => one === key);
}

function jsonBytes(metadata: Readonly<Record<string, CellValue>>): number {
  return Buffer.byteLength(JSON.stringify(metadata));
}

/** A text whose bytes fit the limit has at most as many tokens, and is not counted. */
function tokensOf(text: string, limit: number): number {
  const bound = tokenBound(text);
  return bound <= limit ? bound : countTokensUpTo(text, limit);
}

/** Characters that the index and JSON cannot store: NUL, and lone surrogates, which UTF-8 cannot encode. */
function unsupportedCharacters({ source }: SourceRow): string | undefined {
  const problems = Object.entries(source).flatMap(([column, cell]) => {
    if (cell.includes("\0")) return [`column ${column} has a NUL at character ${cell.indexOf("\0") + 1}`];
    return hasLoneSurrogate(cell) ? [`column ${column} has half of a surrogate pair`] : [];
  });
  return problems.length > 0 ? problems.join("; ") : undefined;
}

/** The embedded text and every column but the text's own. `id` stays text, whatever it looks like. */
function readMetadata(
  { source }: SourceRow,
  rules: RecordRules,
  text: string,
): { metadata: Record<string, CellValue>; problems: string[] } {
  const entries: [string, CellValue][] = [["text", text]];
  const problems: string[] = [];
  for (const [column, cell] of Object.entries(source)) {
    if (column === "formatted_text") continue;
    const reading = readCell(cell, column === "id" ? "string" : typeOf(column, rules));
    if ("problem" in reading) problems.push(`column ${column}: ${reading.problem}`);
    else if (reading.value !== undefined) entries.push([metadataName(column), reading.value]);
  }
  // Also a column called `__proto__` becomes a field of its own this way.
  return { metadata: Object.fromEntries(entries), problems };
}

/** A column may be called `constructor`. */
function typeOf(column: string, { columnTypes, columnKinds }: RecordRules): ColumnType {
  const declared = Object.hasOwn(columnTypes, column) ? columnTypes[column] : undefined;
  if (declared !== undefined && declared !== "auto") return declared;
  if (columnKinds === undefined) return "auto";
  return columnKinds.numbers.has(column) || columnKinds.booleans.has(column) ? "auto" : "string";
}
