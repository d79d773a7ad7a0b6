import type { VectorMetadata } from "../../deltas/delta.ts";
import { foldText } from "../lexical/fold-text.ts";
import type { DocumentRow } from "../snapshot/document-row.ts";
import type { ReceiptHead } from "../snapshot/snapshot-part.ts";
import type { Comparison, Condition, Scalar } from "./condition.ts";

/** One vector with the row and the receipt that it belongs to. */
export interface Candidate {
  readonly metadata: VectorMetadata;
  readonly row: Pick<DocumentRow, "days" | "amounts">;
  readonly head: Pick<ReceiptHead, "title" | "day"> | undefined;
}

/** Whether a candidate is like the condition. A field that it does not have fits nothing; one of several values is enough. */
export function holds(condition: Condition, candidate: Candidate): boolean {
  switch (condition.kind) {
    case "and":
      return condition.of.every((one) => holds(one, candidate));
    case "or":
      return condition.of.some((one) => holds(one, candidate));
    case "not":
      return !holds(condition.of, candidate);
    case "field":
      return valuesOf(condition.field, candidate).some((value) => compares(value, condition.comparison));
  }
}

function valuesOf(field: string, { metadata, row, head }: Candidate): readonly Scalar[] {
  switch (field) {
    case "merchant": {
      const known = [metadata.canonical_merchant_name, metadata.merchant_name].filter(
        (name) => name !== undefined,
      );
      return known.length > 0 || !head?.title ? known : [head.title];
    }
    case "date":
      if (row.days.length > 0) return row.days;
      return head?.day === undefined ? [] : [head.day];
    case "amount":
      return row.amounts.map((hundredths) => hundredths / 100);
    default: {
      const value = Object.hasOwn(metadata, field) ? metadata[field] : undefined;
      return value === undefined ? [] : [value];
    }
  }
}

function compares(value: Scalar, comparison: Comparison): boolean {
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
