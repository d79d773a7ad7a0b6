import { type DatesAskedFor, dayIn } from "../records/asked-dates.ts";
import { type PlaceRules, placeOf } from "../records/place.ts";
import { ColumnKinds } from "./column-kinds.ts";
import type { CsvRow } from "./csv-scanner.ts";
import { LastRows } from "./last-rows.ts";
import { NamespaceSurvey } from "./namespace-survey.ts";

export interface SurveyRules extends PlaceRules {
  readonly dates: DatesAskedFor | undefined;
}

/**
 * Collects what must be known about all rows of a file before the first one is processed: the types of its columns,
 * the last row of each place in the index, and the namespaces. Rows that do not match the columns, lie outside the dates or have no place
 * replace no other row.
 */
export class RowSurvey {
  readonly columns: readonly string[];
  readonly kinds: ColumnKinds;
  readonly last = new LastRows();
  readonly namespaces = new NamespaceSurvey();
  readonly #rules: SurveyRules;
  readonly #id: number;
  readonly #recordType: number;
  readonly #date: number;

  constructor(columns: readonly string[], rules: SurveyRules) {
    this.columns = columns;
    this.kinds = new ColumnKinds(columns);
    this.#rules = rules;
    this.#id = columns.indexOf("id");
    this.#recordType = columns.indexOf("record_type");
    this.#date = rules.dates === undefined ? -1 : columns.indexOf(rules.dates.column);
  }

  see(row: CsvRow, number: number): void {
    if (row.length !== this.columns.length || row.blanksAfterQuotes > 0) return;
    this.kinds.see((column) => row.cell(column));
    const { dates } = this.#rules;
    if (dates !== undefined && dayIn(dates, row.cell(this.#date)) !== "inside") return;
    const place = placeOf(
      row.cell(this.#id),
      this.#recordType < 0 ? "" : row.cell(this.#recordType),
      this.#rules,
    );
    if ("reason" in place) return;
    this.namespaces.see(place.namespace);
    this.last.add(`${place.namespace}\n${place.id}`, number);
  }
}
