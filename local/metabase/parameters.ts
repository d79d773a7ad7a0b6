import { z } from "zod";
import { ApiError } from "./api-error.ts";
import type { Cell } from "./csv.ts";
import { dateVariables, type Question } from "./question.ts";

/** `["variable", ["template-tag", "start_date"]]`; a field filter says `dimension`. */
const parameter = z.object({
  id: z.string().optional(),
  type: z.string(),
  target: z.tuple([z.string(), z.tuple([z.literal("template-tag"), z.string()])]),
  value: z
    .union([
      z.string(),
      z
        .array(z.string())
        .length(1)
        .transform(([only = ""]) => only),
    ])
    .nullish(),
});
const parameters = z.array(parameter);

/** Inclusive days such as `2026-01-31`; an empty text means no limit. */
interface Days {
  readonly from: string;
  readonly to: string;
}

const everyDay: Days = { from: "", to: "" };

/** The rows of a question that its parameters ask for. Throws ApiError for parameters that it does not take. */
export function narrow(question: Question, given: unknown): Iterable<readonly Cell[]> {
  const { dateColumn, columns, rows } = question;
  const days = readParameters(question, given);
  if (dateColumn === undefined || (days.from === "" && days.to === "")) return rows;
  return within(rows, columns.indexOf(dateColumn), days);
}

function readParameters(question: Question, given: unknown): Days {
  const parsed = parameters.safeParse(given ?? []);
  if (!parsed.success) {
    throw new ApiError(400, { errors: { parameters: z.prettifyError(parsed.error) } });
  }
  return parsed.data.reduce((days, one) => limit(days, question, one), everyDay);
}

function limit(days: Days, question: Question, { type, target, value }: z.infer<typeof parameter>): Days {
  const tag = target[1][1];
  const variables = dateVariables(question);
  if (variables !== undefined && (tag === variables.start || tag === variables.end)) {
    checkType(tag, type, ["date", "date/single"]);
    return tag === variables.start ? { ...days, from: value ?? "" } : { ...days, to: value ?? "" };
  }
  if (tag !== question.dateColumn) {
    throw new ApiError(400, {
      message: `Invalid parameter: Card ${question.id} does not have a template tag named "${tag}".`,
    });
  }
  checkType(tag, type, ["date/all-options", "date/range", "date/single"]);
  const [from = "", to = from] = (value ?? "").split("~");
  return { from, to };
}

function checkType(tag: string, type: string, allowed: readonly string[]): void {
  if (allowed.includes(type)) return;
  throw new ApiError(400, {
    message: `Invalid parameter type :${type} for parameter "${tag}". Parameter type must be one of: ${allowed.map((one) => `:${one}`).join(", ")}`,
  });
}

function* within(rows: Iterable<readonly Cell[]>, column: number, { from, to }: Days) {
  for (const row of rows) {
    const day = String(row[column] ?? "").slice(0, 10);
    if (day !== "" && day >= from && (to === "" || day <= to)) yield row;
  }
}
