import type { AttributeType, AttributeValue } from "../values/attribute-value.ts";
import type { Path } from "./paths.ts";

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "size"; readonly of: Operand };

/** A condition as a tree, whichever expression it comes from. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: "between";
      readonly operand: Operand;
      readonly lower: Operand;
      readonly upper: Operand;
    }
  | { readonly kind: "in"; readonly operand: Operand; readonly candidates: readonly Operand[] }
  | { readonly kind: "exists"; readonly path: Path; readonly exists: boolean }
  | { readonly kind: "type"; readonly path: Path; readonly type: AttributeType }
  | { readonly kind: "begins" | "contains"; readonly operand: Operand; readonly part: Operand };

/** Names of the item's attributes that a condition uses. */
export function attributesIn(condition: Condition): string[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.parts.flatMap(attributesIn);
    case "not":
      return attributesIn(condition.part);
    case "exists":
    case "type":
      return [String(condition.path[0])];
    case "compare":
      return [condition.left, condition.right].flatMap(attributeInOperand);
    case "between":
      return [condition.operand, condition.lower, condition.upper].flatMap(attributeInOperand);
    case "in":
      return [condition.operand, ...condition.candidates].flatMap(attributeInOperand);
    case "begins":
    case "contains":
      return [condition.operand, condition.part].flatMap(attributeInOperand);
  }
}

function attributeInOperand(operand: Operand): string[] {
  if (operand.kind === "value") return [];
  return operand.kind === "path" ? [String(operand.path[0])] : attributeInOperand(operand.of);
}
