import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cell, readCsv } from "./csv.ts";

/** A saved question: what its query answers before any parameter narrows it. */
export interface Question {
  readonly id: number;
  readonly columns: readonly string[];
  /** Iterated again for every query. */
  readonly rows: Iterable<readonly Cell[]>;
  /**
   * The column that dates are asked of: by two variables, both inclusive, and by a field filter with the column's name.
   * Undefined: the question takes no parameter.
   */
  readonly dateColumn?: string;
  /** How the variables of dates are called. @default start_date and end_date */
  readonly variables?: DateVariables;
}

export interface DateVariables {
  readonly start: string;
  readonly end: string;
}

const usualVariables: DateVariables = { start: "start_date", end: "end_date" };

/** Undefined for a question that takes no dates. */
export function dateVariables({
  dateColumn,
  variables = usualVariables,
}: Question): DateVariables | undefined {
  return dateColumn === undefined ? undefined : variables;
}

const usualDateColumn = "created_at";

/** Reads `{id}.csv` of a folder as questions; their dates are in `created_at`, where they have that column. */
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
