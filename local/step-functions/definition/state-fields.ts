import { z } from "zod";
import { csvDelimiters, type LanguageName } from "../graph/definition.ts";
import { isExpression, jsonataProblem } from "../language/jsonata.ts";
import { jsonpathProblem, pathProblem } from "../language/jsonpath.ts";
import { choiceRule } from "./choice-rule.ts";

/** Adds a rule to a schema. The rule returns the problem with a value. */
function checked<S extends z.ZodType>(schema: S, problemOf: (value: unknown) => string | undefined) {
  return schema.superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
}

const path = checked(z.string(), pathProblem).optional();
const nullablePath = checked(z.string().nullable(), (value) =>
  value === null ? undefined : pathProblem(value),
).optional();
const jsonata = checked(z.unknown(), jsonataProblem).optional();
const payloadTemplate = checked(z.unknown(), jsonpathProblem).optional();

const assign = checked(z.record(z.string(), z.unknown()), jsonataProblem).optional();
const expression = checked(
  z.string().refine(isExpression, "neither a number nor {% an expression %}"),
  jsonataProblem,
);

/** A number that JSONata may compute and that JSONPath may find under `NAMEPath`. */
function number(name: string, language: LanguageName, schema: z.ZodNumber) {
  return language === "JSONata"
    ? { [name]: z.union([schema, expression]).optional() }
    : { [name]: schema.optional(), [`${name}Path`]: path };
}

const count = z.number().int().min(0);
const positive = z.number().int().min(1);
const errorNames = z.array(z.string().min(1)).min(1);

const retrier = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorNames,
  IntervalSeconds: positive.default(1),
  BackoffRate: z.number().min(1).default(2),
  MaxAttempts: count.max(99_999_999).default(3),
  MaxDelaySeconds: positive.max(31_622_400).optional(),
  JitterStrategy: z.enum(["NONE", "FULL"]).default("NONE"),
});

function outputFields(language: LanguageName) {
  return language === "JSONata" ? { Output: jsonata, Assign: assign } : { OutputPath: nullablePath };
}

function recovery(language: LanguageName) {
  const output = language === "JSONata" ? { Output: jsonata, Assign: assign } : { ResultPath: nullablePath };
  const catcher = z.strictObject({
    Comment: z.string().optional(),
    ErrorEquals: errorNames,
    Next: z.string(),
    ...output,
  });
  return {
    Retry: z.array(retrier).refine(isAllLast, allComesLast).default([]),
    Catch: z.array(catcher).refine(isAllLast, allComesLast).default([]),
  };
}

const allComesLast = "States.ALL has to stand alone and in the last entry";

function isAllLast(entries: readonly { readonly ErrorEquals: readonly string[] }[]): boolean {
  return entries.every(
    ({ ErrorEquals: names }, at) =>
      !names.includes("States.ALL") || (names.length === 1 && at === entries.length - 1),
  );
}

const inputPath = { InputPath: nullablePath };

function workFields(language: LanguageName) {
  return language === "JSONata"
    ? { Arguments: jsonata, ...outputFields(language) }
    : {
        ...inputPath,
        Parameters: payloadTemplate,
        ResultSelector: payloadTemplate,
        ResultPath: nullablePath,
        ...outputFields(language),
      };
}

/** The fields of an ItemReader or ResultWriter. */
function callFields(language: LanguageName) {
  return language === "JSONata" ? { Arguments: jsonata } : { Parameters: payloadTemplate };
}

const transition = { Next: z.string().optional(), End: z.literal(true).optional() };

const functionArn = /^arn:aws:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/;
const lambdaInvoke = "arn:aws:states:::lambda:invoke";
const taskResource = z
  .string()
  .refine(
    (resource) => resource === lambdaInvoke || functionArn.test(resource),
    `the local Step Functions knows ${lambdaInvoke} and ARNs of functions only`,
  );

function itemReader(language: LanguageName) {
  return z.strictObject({
    Resource: z.literal("arn:aws:states:::s3:getObject"),
    ...callFields(language),
    ReaderConfig: z
      .strictObject({
        InputType: z.enum(["CSV", "JSON", "JSONL"]),
        CSVHeaderLocation: z.enum(["FIRST_ROW", "GIVEN"]).optional(),
        CSVHeaders: z.array(z.string()).min(1).optional(),
        CSVDelimiter: z.literal(delimiterNames).default("COMMA"),
        ...number("MaxItems", language, positive),
      })
      .refine(
        ({ InputType, CSVHeaderLocation }) => (InputType === "CSV") === (CSVHeaderLocation !== undefined),
        "CSVHeaderLocation belongs to InputType CSV, which needs it",
      )
      .refine(
        ({ CSVHeaderLocation, CSVHeaders }) => (CSVHeaderLocation === "GIVEN") === (CSVHeaders !== undefined),
        "CSVHeaders belongs to CSVHeaderLocation GIVEN, which needs it",
      ),
  });
}

const delimiterNames = Object.keys(csvDelimiters) as (keyof typeof csvDelimiters)[];

function resultWriter(language: LanguageName) {
  return z
    .strictObject({
      Resource: z.literal("arn:aws:states:::s3:putObject").optional(),
      ...callFields(language),
      WriterConfig: z
        .strictObject({
          Transformation: z.enum(["NONE", "COMPACT", "FLATTEN"]),
          OutputType: z.enum(["JSON", "JSONL"]),
        })
        .optional(),
    })
    .refine((writer) => writer.Resource !== undefined || writer.WriterConfig !== undefined, "it is empty");
}

function mapFields(language: LanguageName) {
  const template = language === "JSONata" ? jsonata : payloadTemplate;
  return {
    ...(language === "JSONata"
      ? { Items: jsonata, ...outputFields(language) }
      : {
          ...inputPath,
          ItemsPath: path,
          ResultSelector: payloadTemplate,
          ResultPath: nullablePath,
          ...outputFields(language),
        }),
    ItemProcessor: z.unknown(),
    ItemSelector: template,
    ...number("MaxConcurrency", language, count),
    Label: z
      .string()
      .max(40)
      .regex(/^[\w-]+$/)
      .optional(),
    ItemReader: itemReader(language).optional(),
    ItemBatcher: z
      .strictObject({
        ...number("MaxItemsPerBatch", language, positive),
        ...number("MaxInputBytesPerBatch", language, positive.max(262_144)),
        BatchInput: template,
      })
      .optional(),
    ResultWriter: resultWriter(language).optional(),
    ...number("ToleratedFailureCount", language, count),
    ...number("ToleratedFailurePercentage", language, z.number().min(0).max(100)),
    ...recovery(language),
    ...transition,
  };
}

/** Exactly one of Seconds, Timestamp and their JSONPath forms. */
function waitFields(language: LanguageName) {
  return language === "JSONata"
    ? {
        Seconds: z.union([count, expression]).optional(),
        Timestamp: checked(z.string(), jsonataProblem).optional(),
      }
    : { Seconds: count.optional(), SecondsPath: path, Timestamp: z.string().optional(), TimestampPath: path };
}

function failFields(language: LanguageName) {
  const text = z.string().optional();
  return language === "JSONata"
    ? { Error: checked(text, jsonataProblem), Cause: checked(text, jsonataProblem) }
    : { Error: text, ErrorPath: path, Cause: text, CausePath: path };
}

/** The fields of each type of state, except Type, Comment and QueryLanguage. Other fields are rejected. */
export function stateFields(type: string, language: LanguageName): z.ZodRawShape | undefined {
  const isJsonata = language === "JSONata";
  const fields: Record<string, () => z.ZodRawShape> = {
    Task: () => ({
      Resource: taskResource,
      ...number("TimeoutSeconds", language, positive),
      ...workFields(language),
      ...recovery(language),
      ...transition,
    }),
    Pass: () => ({
      ...(isJsonata
        ? outputFields(language)
        : {
            ...inputPath,
            Result: z.unknown().optional(),
            Parameters: payloadTemplate,
            ResultPath: nullablePath,
            ...outputFields(language),
          }),
      ...transition,
    }),
    Succeed: () => ({ ...(isJsonata ? { Output: jsonata } : { ...inputPath, ...outputFields(language) }) }),
    Fail: () => failFields(language),
    Wait: () => ({
      ...waitFields(language),
      ...(isJsonata ? {} : inputPath),
      ...outputFields(language),
      ...transition,
    }),
    Choice: () => ({
      Choices: z.array(choiceRule(language, isJsonata ? outputFields(language) : {})).min(1),
      Default: z.string().optional(),
      ...(isJsonata ? {} : inputPath),
      ...outputFields(language),
    }),
    Parallel: () => ({
      Branches: z.array(z.unknown()).min(1),
      ...workFields(language),
      ...recovery(language),
      ...transition,
    }),
    Map: () => mapFields(language),
  };
  return fields[type]?.();
}
