import * as z from "zod";
import { delimiterCharacters, delimiterNames, delimiterOf, encodings } from "./csv-form.ts";
import { everyDay, isDay, rangeOf } from "./date-range.ts";
import { type ParameterProblem, RequestInvalidError } from "./request-errors.ts";

export const dataSources = ["metabase", "s3_csv"] as const;
/** Where the chunks of a task are processed. `auto` chooses by the number of rows. */
export const hosts = ["auto", "function", "state_machine"] as const;
/**
 * Tasks of the bulk API run on workers. Its callers cannot choose another host, and callers of the catch-up API cannot
 * choose workers.
 */
const storedHosts = [...hosts, "workers"] as const;

/**
 * How embedding is paid: at once, or by OpenAI's Batch API at half the price within a day. `auto` chooses by what the
 * batches save.
 */
export const lanes = ["sync", "batch", "auto"] as const;

export type Lane = (typeof lanes)[number];

/** Priorities of tasks of the bulk API. */
export const priorities = ["low", "normal", "high"] as const;

export type Priority = (typeof priorities)[number];

/** Pinecone's limit of vectors per request. */
export const maxBatch = 1_000;

/** The stack's defaults for parameters that a request omits. */
export interface RequestDefaults {
  /** Part of every vector's id. */
  readonly questionId: string | undefined;
  readonly namespace: string;
  readonly batchSize: number;
  /** The model of the stack. */
  readonly model: string;
  /** Other models that a request may name. @default none */
  readonly furtherModels?: readonly string[];
  /** The names of the columns and variables that the product reads. @default as in `usualNames` */
  readonly names?: Partial<SourceNames>;
}

/** The source's names for the columns and variables that the product reads. */
export interface SourceNames {
  readonly id_column: string;
  readonly text_column: string;
  readonly start_variable: string;
  readonly end_variable: string;
}

export const usualNames: SourceNames = {
  id_column: "id",
  text_column: "formatted_text",
  start_variable: "start_date",
  end_variable: "end_date",
};

const accepted = {
  start_date: "a day as YYYY-MM-DD",
  end_date: "a day as YYYY-MM-DD, not before start_date",
  all_dates: "true or false; true without start_date, end_date and date_column",
  data_source: dataSources.join(" or "),
  question_id: "the number of a Metabase question, letters, digits, `_` and `-` for other sources",
  s3_key: "the key of a CSV object in the source bucket, without `..`",
  date_column: "the name of a column",
  id_column: "the name of a column",
  text_column: "the name of a column",
  start_variable: "the name of a variable of the Metabase question",
  end_variable: "the name of a variable of the Metabase question",
  namespace: "1 to 200 printable ASCII characters, without blanks and `#`",
  batch_size: `a whole number from 1 to ${maxBatch}`,
  model: "a model of the stack: embedding:model or one of catchup:models",
  dry_run: "true or false",
  incremental: "true or false",
  host: hosts.join(", "),
  lane: `${lanes.join(", ")}; batch not with host function`,
  encoding: `${encodings.join(", ")}; only for s3_csv, and not needed with a byte order mark`,
  delimiter: `${delimiterNames.join(", ")}, or the character itself; only for s3_csv`,
} as const;

type Parameter = keyof typeof accepted;

const parameters = Object.keys(accepted) as Parameter[];

const day = z.string().refine(isDay);
const questionNumber = /^\d{1,18}$/;
const batch = z.number().int().min(1).max(maxBatch);
const digits = z.string().regex(/^\d{1,9}$/);
const yesOrNo = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
const s3Key = z
  .string()
  .min(1)
  .refine(
    (key) => Buffer.byteLength(key) <= 1024 && !key.split("/").some((part) => part === ".." || part === "."),
  )
  .refine((key) => !key.startsWith("/"));

const name = z.string().trim().min(1).max(200);

/** The parameters that callers may send. */
export const requestBody = z.object({
  start_date: day.optional(),
  end_date: day.optional(),
  all_dates: yesOrNo.default(false),
  data_source: z.enum(dataSources).default("metabase"),
  question_id: z.coerce
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  s3_key: s3Key.optional(),
  date_column: name.optional(),
  id_column: name.optional(),
  text_column: name.optional(),
  start_variable: name.optional(),
  end_variable: name.optional(),
  namespace: z
    .string()
    .regex(/^[!-"$-~]{1,200}$/)
    .optional(),
  model: name.optional(),
  batch_size: z.union([batch, digits.transform(Number).pipe(batch)]).optional(),
  dry_run: yesOrNo.default(false),
  incremental: yesOrNo.default(false),
  host: z.enum(hosts).default("auto"),
  lane: z.enum(lanes).default("sync"),
  encoding: z.enum(encodings).optional(),
  delimiter: z
    .enum([...delimiterNames, ...delimiterCharacters])
    .transform(delimiterOf)
    .optional(),
});

/** A request with all defaults applied, as it is stored with its task. */
export const processRequest = z.object({
  data_source: z.enum([...dataSources, "failed_records"]),
  start_date: z.string(),
  end_date: z.string(),
  question_id: z.string(),
  s3_key: z.string().optional(),
  /** The task whose failed records are the source. */
  retry_of: z.string().optional(),
  /** Restricts a retry to these chunks, in ascending order. */
  retry_chunks: z.array(z.number().int().min(0)).optional(),
  date_column: z.string(),
  /** Whether the date column must exist. Otherwise rows are filtered by date only if it does. */
  date_column_required: z.boolean(),
  /** Set if rows are not filtered by date. */
  all_dates: z.literal(true).optional(),
  namespace: z.string(),
  /** Set if it is not the model of the stack. */
  model: z.string().optional(),
  batch_size: z.number(),
  dry_run: z.boolean(),
  incremental: z.boolean(),
  host: z.enum(storedHosts),
  /** @default sync */
  lane: z.enum(lanes).optional(),
  /** Set in tasks of the bulk API. */
  chunk_size: z.number().optional(),
  priority: z.enum(priorities).optional(),
  /** Set if the source's names differ from the usual ones. */
  id_column: z.string().optional(),
  text_column: z.string().optional(),
  start_variable: z.string().optional(),
  end_variable: z.string().optional(),
  /** Encoding of a CSV without a byte order mark. */
  encoding: z.enum(encodings).optional(),
  delimiter: z.string().length(1).optional(),
});

export type ProcessRequest = z.infer<typeof processRequest>;

const defaultDateColumn = "created_at";

/**
 * Parses a request from query parameters or a JSON body. An empty value counts as absent. `now` is epoch milliseconds.
 * Throws RequestInvalidError with every invalid parameter and its accepted form.
 */
export function readProcessRequest(
  input: Readonly<Record<string, unknown>>,
  defaults: RequestDefaults,
  now: number,
): ProcessRequest {
  const named = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== "" && value !== null && value !== undefined),
  );
  const parsed = requestBody.safeParse(named);
  const problems = [
    ...unknownParameters(named),
    ...(parsed.success ? [] : badParameters(parsed.error, named)),
  ];
  const conflicts = inconsistent(named, defaults, now).filter(
    ({ parameter }) => !problems.some((problem) => problem.parameter === parameter),
  );
  if (!parsed.success || problems.length + conflicts.length > 0)
    throw new RequestInvalidError([...problems, ...conflicts]);

  const { data } = parsed;
  const range = data.all_dates ? everyDay : rangeOf(data.start_date, data.end_date, now);
  return {
    data_source: data.data_source,
    start_date: range.start,
    end_date: range.end,
    question_id: data.question_id ?? defaults.questionId ?? "",
    ...(data.data_source === "s3_csv" && { s3_key: data.s3_key }),
    date_column: data.date_column ?? defaultDateColumn,
    date_column_required: isDated(data),
    ...(data.all_dates && { all_dates: data.all_dates }),
    namespace: data.namespace ?? defaults.namespace,
    batch_size: data.batch_size ?? defaults.batchSize,
    dry_run: data.dry_run,
    incremental: data.incremental,
    host: data.host,
    ...(data.model !== undefined && data.model !== defaults.model && { model: data.model }),
    ...(data.lane !== "sync" && { lane: data.lane }),
    ...otherNames({ ...defaults.names, ...data }),
    ...(data.encoding !== undefined && { encoding: data.encoding }),
    ...(data.delimiter !== undefined && { delimiter: data.delimiter }),
  };
}

/** The given names that differ from the usual ones. */
function otherNames(
  given: { readonly [Name in keyof SourceNames]?: string | undefined },
): Partial<SourceNames> {
  const all = Object.entries(usualNames) as [keyof SourceNames, string][];
  return Object.fromEntries(
    all.flatMap(([which, usual]) => {
      const called = given[which];
      return called === undefined || called === usual ? [] : [[which, called]];
    }),
  );
}

function unknownParameters(input: Readonly<Record<string, unknown>>): ParameterProblem[] {
  return Object.keys(input)
    .filter((name) => !parameters.includes(name as Parameter))
    .map((name) => ({
      parameter: name,
      given: shown(input[name]),
      accepted: `no such parameter: ${parameters.join(", ")}`,
    }));
}

function badParameters(error: z.ZodError, input: Readonly<Record<string, unknown>>): ParameterProblem[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0]) as Parameter));
  return [...names].map((parameter) => ({
    parameter,
    given: shown(input[parameter]),
    accepted: accepted[parameter],
  }));
}

/** Missing and conflicting parameters. Checks the raw input, so that they are reported together with invalid values. */
function inconsistent(
  input: Readonly<Record<string, unknown>>,
  { questionId, model, furtherModels = [] }: RequestDefaults,
  now: number,
): ParameterProblem[] {
  const invalid: Parameter[] = [];
  const question = input.question_id ?? questionId;
  const isMetabase = (input.data_source ?? "metabase") === "metabase";
  if (question === undefined || (isMetabase && !questionNumber.test(String(question)))) {
    invalid.push("question_id");
  }
  if (input.data_source === "s3_csv" && input.s3_key === undefined) invalid.push("s3_key");
  if (endsTooEarly(input.start_date, input.end_date, now)) invalid.push("end_date");
  if (String(input.all_dates) === "true" && isDated(input)) {
    invalid.push("all_dates");
  }
  for (const ofCsv of ["encoding", "delimiter"] as const) {
    if (isMetabase && input[ofCsv] !== undefined) invalid.push(ofCsv);
  }
  if (input.model !== undefined && ![model, ...furtherModels].includes(String(input.model).trim())) {
    invalid.push("model");
  }
  if (input.lane === "batch" && input.host === "function") invalid.push("lane");
  return invalid.map((parameter) => ({
    parameter,
    given: input[parameter] === undefined ? undefined : shown(input[parameter]),
    accepted: accepted[parameter],
  }));
}

/** Whether a request filters rows by date. */
function isDated({ start_date, end_date, date_column }: Readonly<Record<string, unknown>>): boolean {
  return start_date !== undefined || end_date !== undefined || date_column !== undefined;
}

function endsTooEarly(start: unknown, end: unknown, now: number): boolean {
  const days = z.tuple([day.optional(), day.optional()]).safeParse([start, end]);
  if (!days.success) return false;
  const range = rangeOf(...days.data, now);
  return range.end < range.start;
}

/** Truncates long values, because a response need not repeat all of the input. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
