import * as z from "zod";
import { isSameName, nameLike } from "../records/same-name.ts";
import type { DateRange } from "../requests/date-range.ts";

/** A variable of a question. */
export interface Variable {
  readonly name: string;
  /** `date`, `text`, `number`, or `dimension` for a field filter. */
  readonly type: string;
}

/** A saved question with its variables and columns. */
export interface Card {
  readonly variables: readonly Variable[];
  /** Undefined if Metabase does not report them. */
  readonly columns: readonly string[] | undefined;
}

/** The names of the variables for the dates. */
export interface DateNames {
  readonly start: string;
  readonly end: string;
  /** The column that a field filter may use. */
  readonly column: string;
}

export interface QuestionParameter {
  readonly type: string;
  readonly target: readonly [string, readonly ["template-tag", string]];
  readonly value: string;
}

const tags = z.record(z.string(), z.looseObject({ name: z.string(), type: z.string() }));
const cardBody = z.looseObject({
  dataset_query: z
    .looseObject({ native: z.looseObject({ "template-tags": tags.nullish() }).nullish() })
    .nullish(),
  result_metadata: z.array(z.looseObject({ name: z.string(), display_name: z.string().nullish() })).nullish(),
});

/**
 * Assumed for a Metabase that does not describe its questions: the variables that this product's own questions have.
 */
export const usualCard: Card = {
  variables: ["start_date", "end_date"].map((name) => ({ name, type: "date" })),
  columns: undefined,
};

/** The card in a response of `GET /api/card/{id}`; undefined if the body is not a card. */
export function readCard(body: unknown): Card | undefined {
  const parsed = cardBody.safeParse(body);
  if (!parsed.success) return undefined;
  const { dataset_query: query, result_metadata: columns } = parsed.data;
  if (query === undefined || query === null) return undefined;
  return {
    variables: Object.values(query.native?.["template-tags"] ?? {}).map(({ name, type }) => ({ name, type })),
    // An export names its columns by their display names.
    columns: columns?.map(({ name, display_name }) => display_name ?? name),
  };
}

/**
 * The parameters that limit a card to a range of dates; undefined if it has no variables for them and returns all rows.
 */
export function parametersOf(
  card: Card,
  { start, end, column }: DateNames,
  range: DateRange,
): QuestionParameter[] | undefined {
  const from = variableLike(start, card);
  const to = variableLike(end, card);
  if (from && to) return [parameterOf(from, range.start), parameterOf(to, range.end)];
  const filter = card.variables.find(({ name, type }) => type === "dimension" && isSameName(name, column));
  if (filter === undefined) return undefined;
  return [
    {
      type: "date/range",
      target: ["dimension", ["template-tag", filter.name]],
      value: `${range.start}~${range.end}`,
    },
  ];
}

function variableLike(wanted: string, { variables }: Card): Variable | undefined {
  const plain = variables.filter(({ type }) => type !== "dimension");
  const name = nameLike(
    wanted,
    plain.map((variable) => variable.name),
  );
  return plain.find((variable) => variable.name === name);
}

function parameterOf({ name, type }: Variable, value: string): QuestionParameter {
  return {
    type: type === "date" ? "date/single" : "category",
    target: ["variable", ["template-tag", name]],
    value,
  };
}
