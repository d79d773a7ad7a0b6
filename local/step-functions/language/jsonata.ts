import { createHash, randomUUID } from "node:crypto";
import jsonata from "jsonata";
import { messageOf, StatesError } from "../states-error.ts";
import type { QueryLanguage, Scope } from "./query-language.ts";

const expressionText = /^\{%([\s\S]*)%\}$/;
const compiled = new Map<string, jsonata.Expression>();

/** JSONata in Step Functions: strings in `{% ... %}` are evaluated, everything else is literal. */
export const jsonataLanguage: QueryLanguage = {
  workInput: async ({ Arguments }, scope) =>
    Arguments === undefined ? scope.input : evaluateTemplate(Arguments, scope, {}),

  items: async ({ Items }, scope) => (Items === undefined ? scope.input : evaluateTemplate(Items, scope, {})),

  template: (template, _fields, scope) => evaluateTemplate(template, scope, {}),

  async field(holder, name, _fields, scope) {
    const value = Object.entries(holder).find(([key]) => key === name)?.[1];
    return value === undefined ? undefined : evaluateTemplate(value, scope, {});
  },

  async leave({ Output, Assign }, scope, outcome) {
    const [usual] = Object.values(outcome);
    const output = Output === undefined ? usual : await evaluateTemplate(Output, scope, outcome);
    const assigned = Assign === undefined ? {} : await evaluateTemplate(Assign, scope, outcome);
    return { output, assigned: assigned as Record<string, unknown> };
  },
};

/** Returns the problem with the expressions in a template; undefined if there is none. */
export function jsonataProblem(template: unknown): string | undefined {
  if (typeof template === "string") {
    const text = template.match(expressionText)?.[1];
    if (text === undefined) return undefined;
    try {
      compile(text);
      return undefined;
    } catch (error) {
      return `${template} is not JSONata: ${jsonataMessage(error)}`;
    }
  }
  if (typeof template !== "object" || template === null) return undefined;
  return Object.values(template)
    .map(jsonataProblem)
    .find((problem) => problem !== undefined);
}

export function isExpression(value: unknown): boolean {
  return typeof value === "string" && expressionText.test(value);
}

async function evaluateTemplate(template: unknown, scope: Scope, more: object): Promise<unknown> {
  if (typeof template === "string") {
    const text = template.match(expressionText)?.[1];
    return text === undefined ? template : evaluate(text, scope, more);
  }
  if (Array.isArray(template)) {
    return Promise.all(template.map((element) => evaluateTemplate(element, scope, more)));
  }
  if (typeof template !== "object" || template === null) return template;
  const entries = Object.entries(template).map(async ([key, value]) => [
    key,
    await evaluateTemplate(value, scope, more),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

async function evaluate(text: string, { input, context, variables }: Scope, more: object): Promise<unknown> {
  let value: unknown;
  try {
    const states = { input, context, ...more };
    value = await compile(text).evaluate(undefined, { ...variables, ...addedFunctions, states });
  } catch (error) {
    throw new StatesError(
      "States.QueryEvaluationError",
      `The JSONata expression '${text.trim()}' failed: ${jsonataMessage(error)}`,
    );
  }
  // Removes the library's own marks on arrays. A function is not JSON and fails below.
  const json = JSON.stringify(value);
  if (json !== undefined) return JSON.parse(json);
  throw new StatesError(
    "States.QueryEvaluationError",
    `The JSONata expression '${text.trim()}' returned nothing (undefined).`,
  );
}

function compile(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const expression = jsonata(text);
  compiled.set(text, expression);
  return expression;
}

/** The library throws objects that are not errors. */
function jsonataMessage(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return messageOf(error);
}

/** Functions that Step Functions adds; it removes $eval. */
const addedFunctions = {
  eval: undefined,
  parse: (text: string): unknown => JSON.parse(text),
  uuid: () => randomUUID(),
  partition: (array: readonly unknown[], size: number) =>
    Array.from({ length: Math.ceil(array.length / size) }, (_, at) =>
      array.slice(at * size, (at + 1) * size),
    ),
  range: (first: number, last: number, step: number) =>
    Array.from({ length: Math.max(0, Math.floor((last - first) / step) + 1) }, (_, at) => first + at * step),
  hash: (text: string, algorithm: string) =>
    createHash(algorithm.toLowerCase().replace("-", "")).update(text).digest("hex"),
};
