import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cell, readCsv } from "./csv.ts";

/** A saved question and the result of its query without parameters. */
export interface Question {
  readonly id: number;
  readonly columns: readonly string[];
  /** Iterated again for every query. */
  readonly rows: Iterable<readonly Cell[]>;
  /**
   * The column of the date parameters: two variables, both inclusive, and a field filter with the column's name.
   * Undefined if the question has no parameters.
   */
  readonly dateColumn?: string;
  /** The names of the date variables. @default start_date and end_date */
  readonly variables?: DateVariables;
}

export interface DateVariables {
  readonly start: string;
  readonly end: string;
}

const usualVariables: DateVariables = { start: "start_date", end: "end_date" };

/** Returns undefined for a question without dates. */
export function dateVariables({
  dateColumn,
  variables = usualVariables,
}: Question): DateVariables | undefined {
  return dateColumn === undefined ? undefined : variables;
}

const usualDateColumn = "created_at";

/** Reads the files `{id}.csv` of a folder as questions; their dates are in `created_at`, if they have that column. */
export async function readQuestions(folder: string): Promise<Question[]> {
  const files = (await readdir(folder)).filter((name) => /^\d+\.csv$/.test(name));
  return Promise.all(
    files.map(async (name) => {
      const [header = [], ...rows] = readCsv(await readFile(join(folder, name), "utf8"));
      const columns = header.map(String);
      return {
        id: Number.parseInt(name, 10),
        columns,
        rows,
        ...(columns.includes(usualDateColumn) && { dateColumn: usualDateColumn }),
      };
    }),
  );
}
