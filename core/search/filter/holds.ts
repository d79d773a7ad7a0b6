import { type ConditionCandidate, documentSearch } from "../../documents/document-search.ts";
import type { Scalar } from "../../documents/search-model.ts";
import { foldText } from "../lexical/fold-text.ts";
import type { Comparison, Condition } from "./condition.ts";

/** Whether a candidate satisfies the condition. A missing field satisfies nothing; of several values one is enough. */
export function holds(condition: Condition, candidate: ConditionCandidate): boolean {
  switch (condition.kind) {
    case "and":
      return condition.of.every((one) => holds(one, candidate));
    case "or":
      return condition.of.some((one) => holds(one, candidate));
    case "not":
      return !holds(condition.of, candidate);
    case "field":
      return fits(valuesOf(condition.field, candidate), condition.comparison);
  }
}

function fits(values: readonly Scalar[], comparison: Comparison): boolean {
  if (comparison.operator === "exists") return values.length > 0 === comparison.expected;
  return values.some((value) => compares(value, comparison));
}

function valuesOf(field: string, candidate: ConditionCandidate): readonly Scalar[] {
  const { rowFields } = documentSearch;
  if (Object.hasOwn(rowFields, field)) return rowFields[field]?.valuesOf(candidate) ?? [];
  const value = Object.hasOwn(candidate.metadata, field) ? candidate.metadata[field] : undefined;
  return value === undefined ? [] : [value];
}

function compares(value: Scalar, comparison: Exclude<Comparison, { readonly operator: "exists" }>): boolean {
  switch (comparison.operator) {
    case "eq":
      return value === comparison.value;
    case "in":
      return comparison.values.includes(value);
    case "gt":
      return value > comparison.value;
    case "gte":
      return value >= comparison.value;
    case "lt":
      return value < comparison.value;
    case "lte":
      return value <= comparison.value;
    case "contains":
      return foldText(String(value)).includes(foldText(comparison.text));
  }
}
