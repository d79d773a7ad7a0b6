import type { InputFields } from "../graph/definition.ts";
import { StatesError } from "../states-error.ts";
import { lookUp, putAt, readPath } from "./path.ts";
import type { QueryLanguage, Scope } from "./query-language.ts";

/** JSONPath with plain paths: properties, indexes, `[*]`, and `$$` for the context. No variables, filters or intrinsics. */
export const jsonpathLanguage: QueryLanguage = {
  async workInput(fields, scope) {
    const input = effectiveInput(fields, scope);
    return fields.Parameters === undefined ? input : fill(fields.Parameters, input, scope.context);
  },

  items: async ({ ItemsPath = "$", InputPath }, scope) =>
    required(ItemsPath, effectiveInput({ InputPath }, scope), scope.context),

  template: async (template, { InputPath }, scope) =>
    fill(template, effectiveInput({ InputPath }, scope), scope.context),

  async field(holder, name, { InputPath }, scope) {
    const fields = new Map<string, unknown>(Object.entries(holder));
    const path = fields.get(`${name}Path`);
    if (path === undefined) return fields.get(name);
    return required(String(path), effectiveInput({ InputPath }, scope), scope.context);
  },

  async leave({ ResultSelector, ResultPath = "$", OutputPath = "$" }, { input, context }, outcome) {
    const [raw] = Object.values(outcome);
    const result = ResultSelector === undefined ? raw : fill(ResultSelector, raw, context);
    const merged = ResultPath === null ? input : putAt(ResultPath, input, result);
    const output = OutputPath === null ? {} : required(OutputPath, merged, context);
    return { output, assigned: {} };
  },
};

/** Returns the problem with the references in a template; undefined if there is none. */
export function jsonpathProblem(template: unknown): string | undefined {
  if (typeof template !== "object" || template === null) return undefined;
  for (const [key, value] of Object.entries(template)) {
    const problem = key.endsWith(".$") ? pathProblem(value) : jsonpathProblem(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function pathProblem(path: unknown): string | undefined {
  if (typeof path === "string" && readPath(path) !== undefined) return undefined;
  return `${JSON.stringify(path)} is not a path that the local Step Functions knows ($.a.b, [0], ['a'], [*], $$)`;
}

function effectiveInput({ InputPath = "$" }: InputFields, { input, context }: Scope): unknown {
  return InputPath === null ? {} : required(InputPath, input, context);
}

function required(path: string, data: unknown, context: unknown): unknown {
  const value = lookUp(path, data, context);
  if (value !== undefined) return value;
  throw new StatesError(
    "States.Runtime",
    `Invalid path '${path}': there is nothing at this path in the input.`,
  );
}

/** A payload template: a key that ends in `.$` holds a path. */
function fill(template: unknown, data: unknown, context: unknown): unknown {
  if (Array.isArray(template)) return template.map((element) => fill(element, data, context));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (!key.endsWith(".$")) return [key, fill(value, data, context)];
      const found = lookUp(String(value), data, context);
      if (found !== undefined) return [key.slice(0, -2), found];
      throw new StatesError(
        "States.ParameterPathFailure",
        `The JSONPath '${value}' specified for the field '${key}' could not be found in the input '${JSON.stringify(data)}'`,
      );
    }),
  );
}
