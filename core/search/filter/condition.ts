import * as z from "zod";
import { documentSearch } from "../../documents/document-search.ts";
import { documentModel } from "../../documents/documents.ts";
import type { FieldType, Scalar } from "../../documents/search-model.ts";

export type Comparison =
  | { readonly operator: "eq"; readonly value: Scalar }
  | { readonly operator: "in"; readonly values: readonly Scalar[] }
  | { readonly operator: "gt" | "gte" | "lt" | "lte"; readonly value: string | number }
  | { readonly operator: "contains"; readonly text: string }
  /** Whether the field has a value at all. */
  | { readonly operator: "exists"; readonly expected: boolean };

/** A condition that hits must satisfy. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "field"; readonly field: string; readonly comparison: Comparison };

const maxDepth = 8;
const maxConditions = 100;
const maxValues = 100;
const text = z.string().refine((value) => value.isWellFormed(), "has an unpaired surrogate");
const scalarOf: Readonly<Record<FieldType, z.ZodType>> = {
  str: text,
  day: text.regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day, YYYY-MM-DD"),
  int: z.int(),
  float: z.number(),
  bool: z.boolean(),
};
const rangeOperators = ["gt", "gte", "lt", "lte"] as const;

/** Undefined for a field that no hit has. */
function fieldType(field: string): FieldType | undefined {
  const { rowFields } = documentSearch;
  return Object.hasOwn(rowFields, field) ? rowFields[field]?.type : documentModel.metadataType(field);
}

/**
 * The parameter `where` of a search: `{"and": [...]}`, `{"or": [...]}`, `{"not": {...}}`, or fields, each with a value
 * or with an object of `eq`, `in`, `gt`, `gte`, `lt`, `lte`, `contains`, `exists`. Several fields or operators must all
 * hold.
 */
export const where = z.unknown().transform((input, context): Condition => {
  const reader = new ConditionReader((path, message) => context.addIssue({ code: "custom", path, message }));
  return reader.read(input, [], 1) ?? z.NEVER;
});

/** The fields that a condition names. */
export function fieldsOf(condition: Condition): string[] {
  if (condition.kind === "field") return [condition.field];
  return condition.kind === "not" ? fieldsOf(condition.of) : condition.of.flatMap(fieldsOf);
}

type Path = readonly (string | number)[];

/** Reads a condition tree and reports every problem in it. */
class ConditionReader {
  readonly #report: (path: (string | number)[], message: string) => void;
  #conditions = 0;

  constructor(report: (path: (string | number)[], message: string) => void) {
    this.#report = report;
  }

  read(input: unknown, path: Path, depth: number): Condition | undefined {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      return this.#problem(path, "must be an object of fields, or of and, or, not");
    }
    if (depth > maxDepth) return this.#problem(path, `is nested deeper than ${maxDepth}`);
    const entries = Object.entries(input);
    if (entries.length === 0) return this.#problem(path, "is empty");
    const read = entries.map(([name, value]) => this.#entry(name, value, [...path, name], depth));
    const conditions = read.filter((one) => one !== undefined);
    const [only, ...more] = conditions;
    return only !== undefined && more.length === 0 ? only : { kind: "and", of: conditions };
  }

  #entry(name: string, value: unknown, path: Path, depth: number): Condition | undefined {
    if (name === "and" || name === "or") {
      if (!Array.isArray(value) || value.length === 0)
        return this.#problem(path, "must be a list of conditions");
      const of = value.map((one, index) => this.read(one, [...path, index], depth + 1));
      return { kind: name, of: of.filter((one) => one !== undefined) };
    }
    if (name === "not") {
      const of = this.read(value, path, depth + 1);
      return of && { kind: "not", of };
    }
    return this.#field(name, value, path);
  }

  #field(field: string, value: unknown, path: Path): Condition | undefined {
    const type = fieldType(field);
    if (type === undefined) return this.#problem(path, "no hit has this field");
    const operators =
      typeof value === "object" && value !== null ? Object.entries(value) : [["eq", value] as const];
    if (operators.length === 0) return this.#problem(path, "names no operator");
    const of = operators.flatMap(([operator, operand]) => {
      const at = typeof value === "object" ? [...path, operator] : path;
      const comparison = this.#comparison({ type, operator, operand, path: at });
      return comparison ? [{ kind: "field", field, comparison } as const] : [];
    });
    const [only, ...more] = of;
    return only !== undefined && more.length === 0 ? only : { kind: "and", of };
  }

  #comparison({ type, operator, operand, path }: Operation): Comparison | undefined {
    this.#conditions += 1;
    if (this.#conditions > maxConditions) {
      return this.#conditions === maxConditions + 1
        ? this.#problem(path, `there are more than ${maxConditions} conditions`)
        : undefined;
    }
    const range = rangeOperators.find((one) => one === operator);
    if (range !== undefined) {
      if (type === "bool" || type === "str") {
        return this.#problem(path, "only dates and numbers have an order");
      }
      return this.#isValue(operand, type, path) ? { operator: range, value: operand as number } : undefined;
    }
    switch (operator) {
      case "eq":
        return this.#isValue(operand, type, path) ? { operator, value: operand as Scalar } : undefined;
      case "in": {
        if (!Array.isArray(operand) || operand.length === 0 || operand.length > maxValues) {
          return this.#problem(path, `must be a list of 1 to ${maxValues} values`);
        }
        const fit = operand.map((one, index) => this.#isValue(one, type, [...path, index]));
        return fit.every(Boolean) ? { operator, values: operand } : undefined;
      }
      case "contains":
        if (type !== "str") return this.#problem(path, "only a text contains another");
        if (operand === "") return this.#problem(path, "is empty");
        return this.#isValue(operand, type, path) ? { operator, text: operand as string } : undefined;
      case "exists":
        if (typeof operand !== "boolean") return this.#problem(path, "must be true or false");
        return { operator, expected: operand };
      default:
        return this.#problem(path, "is not an operator: eq, in, gt, gte, lt, lte, contains, exists");
    }
  }

  #isValue(value: unknown, type: FieldType, path: Path): boolean {
    const message = scalarOf[type].safeParse(value).error?.issues[0]?.message;
    if (message !== undefined) this.#problem(path, message);
    return message === undefined;
  }

  #problem(path: Path, message: string): undefined {
    this.#report([...path], message);
    return undefined;
  }
}

interface Operation {
  readonly type: FieldType;
  readonly operator: string;
  readonly operand: unknown;
  readonly path: Path;
}
