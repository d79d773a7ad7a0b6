import { validLabels } from "../core/receipts/search/labels.ts";
import type { Hit, SearchHits } from "./search-client.ts";
import { type Column, table } from "./table.ts";

interface HitColumn extends Column {
  readonly cell: (hit: Hit) => string;
}

const scoreColumn: HitColumn = { title: "score", align: "right", cell: ({ score }) => score.toFixed(2) };
/** Columns that are only shown if a hit has a value. */
const optionalColumns: readonly HitColumn[] = [
  { title: "merchant", align: "left", cell: merchantOf },
  { title: "date", align: "left", cell: ({ date }) => date ?? "" },
  { title: "labels", align: "left", cell: ({ metadata }) => validLabels(metadata).join(", ") },
];
const rowColumn: HitColumn = { title: "row", align: "left", cell: ({ row, text }) => row?.text ?? text };
const wordColumn: HitColumn = { title: "word", align: "left", cell: ({ text }) => text };
const foundColumn: HitColumn = { title: "found by", align: "left", cell: foundBy };

/** Formats hits as a table: score, merchant, date, valid labels, the whole row or the word, and what matched. */
export function hitTable({ collection, hits }: SearchHits): string[] {
  if (hits.length === 0) return ["Nothing fits."];
  const columns = [
    scoreColumn,
    ...optionalColumns.filter(({ cell }) => hits.some((hit) => cell(hit) !== "")),
    collection === "words" ? wordColumn : rowColumn,
    ...(hits.some(({ found_by }) => found_by !== undefined) ? [foundColumn] : []),
  ];
  return table(
    columns,
    hits.map((hit) => columns.map(({ cell }) => cell(hit))),
  );
}

/** Formats what the search understood of the question; undefined if it understood nothing. */
export function understoodLine({ understood }: SearchHits): string | undefined {
  if (understood === undefined) return undefined;
  const { kinds = [], dates = [], amounts = [], merchant } = understood;
  const parts = [
    ...kinds.map((kind) => `asks for ${kind}`),
    ...(merchant ? [`at ${JSON.stringify(merchant)}`] : []),
    ...dates.map((date) => `date ${date}`),
    ...amounts.map((amount) => `amount ${amount}`),
  ];
  return `understood: ${parts.join(", ")}`;
}

function merchantOf({ metadata, merchant }: Hit): string {
  const { canonical_merchant_name, merchant_name } = metadata;
  return String(canonical_merchant_name ?? merchant_name ?? merchant ?? "");
}

function foundBy({ found_by }: Hit): string {
  if (found_by === undefined) return "";
  const { cosine, coverage, matched } = found_by;
  const parts = [
    ...matched,
    ...(coverage >= 0.005 ? [`letters ${coverage.toFixed(2)}`] : []),
    ...(cosine === null ? [] : [`meaning ${cosine.toFixed(2)}`]),
  ];
  return parts.join(", ");
}
