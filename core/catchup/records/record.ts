import { tokenBound } from "../../embedding/limits.ts";
import { countTokensUpTo } from "../../text/tokens.ts";
import { hasVisibleText } from "../../text/visible-text.ts";
import { type DateRange, dayOfText, isWithin } from "../requests/date-range.ts";
import { type CellValue, type ColumnType, readCell } from "./cell-value.ts";
import { type FailedRecord, failed, type SourceRow } from "./failed-record.ts";
import { sanitiseText } from "./sanitise-text.ts";

/** What the rows of a task are held to. */
export interface RecordRules {
  readonly questionId: string;
  /** Of records that name none themselves. */
  readonly namespace: string;
  /** Rows outside are left out; undefined keeps all. */
  readonly dates: (DateRange & { readonly column: string }) | undefined;
  readonly columnTypes: Readonly<Record<string, ColumnType>>;
  /** Longest text that the model reads. */
  readonly tokensPerText: number;
}

/** A row as it goes into the index. */
export interface IndexRecord {
  /** `{question_id}.{id}` */
  readonly id: string;
  readonly namespace: string;
  readonly text: string;
  /** Tokens of the text, or a bound of them where that is enough. */
  readonly tokens: number;
  readonly metadata: Readonly<Record<string, CellValue>>;
  readonly origin: SourceRow;
}

export type RowReading =
  | { readonly kind: "record"; readonly record: IndexRecord }
  | { readonly kind: "failed"; readonly failure: FailedRecord }
  | { readonly kind: "filtered" };

/** Pinecone's limits: characters of an id, bytes of a record's metadata. */
const longestId = 512;
const largestMetadata = 40_960;
const printableAscii = /^[ -~]+$/;
const namespaceForm = /^[!-"$-~]{1,200}$/;

/** What one row is: a record, a failure with its reason, or out of the dates. The same for every source and host. */
export function readRecord(row: SourceRow, rules: RecordRules): RowReading {
  const fail = (reason: FailedRecord["reason"], detail: string): RowReading => ({
    kind: "failed",
    failure: failed(row, reason, detail),
  });
  if (row.misfit !== undefined) return fail("columns_disagree", row.misfit);
  const date = judgeDate(row, rules);
  if (date === "outside") return { kind: "filtered" };
  if (date !== "inside") return fail("date_unreadable", date);

  const ownId = (row.source.id ?? "").trim();
  if (ownId === "") return fail("id_blank", "The column id is empty.");
  const id = `${rules.questionId}.${ownId}`;
  if (id.length > longestId || !printableAscii.test(id)) {
    return fail("id_unfit", `A vector's id has 1 to ${longestId} printable ASCII characters.`);
  }
  const namespace = row.source.record_type?.trim() || rules.namespace;
  if (!namespaceForm.test(namespace)) {
    return fail("namespace_unfit", `record_type ${JSON.stringify(namespace)} cannot be a namespace.`);
  }
  const text = sanitiseText(row.source.formatted_text ?? "");
  if (text === undefined) {
    return fail("markup_unfit", "The column formatted_text has markup within markup, too deep to be read.");
  }
  if (!hasVisibleText(text))
    return fail("text_blank", "The column formatted_text has nothing visible in it.");
  const tokens = tokensOf(text, rules.tokensPerText);
  if (tokens > rules.tokensPerText) {
    return fail(
      "text_too_long",
      `The text has more tokens than the ${rules.tokensPerText} that the model reads.`,
    );
  }
  const { metadata, problems } = readMetadata(row, rules, text);
  if (problems.length > 0) return fail("metadata_type", problems.join("; "));
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > largestMetadata) {
    return fail("metadata_too_large", `The metadata has ${bytes} bytes; Pinecone takes ${largestMetadata}.`);
  }
  return { kind: "record", record: { id, namespace, text, tokens, metadata, origin: row } };
}

/** A text whose bytes fit the limit has at most as many tokens, and is not counted. */
function tokensOf(text: string, limit: number): number {
  const bound = tokenBound(text);
  return bound <= limit ? bound : countTokensUpTo(text, limit);
}

function judgeDate(row: SourceRow, { dates }: RecordRules): "inside" | "outside" | string {
  if (dates === undefined) return "inside";
  const cell = row.source[dates.column] ?? "";
  const day = dayOfText(cell);
  if (day === undefined) return `${dates.column} is ${JSON.stringify(cell)}, which is no ISO date.`;
  return isWithin(dates, day) ? "inside" : "outside";
}

/** The embedded text and every column but the text's own. `id` stays text, whatever it looks like. */
function readMetadata(
  { source }: SourceRow,
  { columnTypes }: RecordRules,
  text: string,
): { metadata: Record<string, CellValue>; problems: string[] } {
  const metadata: Record<string, CellValue> = { text };
  const problems: string[] = [];
  for (const [column, cell] of Object.entries(source)) {
    if (column === "formatted_text" || column === "text" || column === "") continue;
    const reading = readCell(cell, column === "id" ? "string" : typeOf(column, columnTypes));
    if ("problem" in reading) problems.push(`column ${column}: ${reading.problem}`);
    else if (reading.value !== undefined) metadata[column] = reading.value;
  }
  return { metadata, problems };
}

/** A column may be called `constructor`. */
function typeOf(column: string, declared: RecordRules["columnTypes"]): ColumnType {
  return (Object.hasOwn(declared, column) ? declared[column] : undefined) ?? "auto";
}
