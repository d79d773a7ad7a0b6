import type { AttributeValue } from "../values/attribute-value.ts";
import type { Path, PathNode } from "./paths.ts";

/** The value of a SET. */
export type Term =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "ifNotExists"; readonly path: Path; readonly otherwise: Term }
  | { readonly kind: "append" | "plus" | "minus"; readonly left: Term; readonly right: Term };

export type Change =
  | { readonly kind: "set"; readonly term: Term }
  | { readonly kind: "remove" }
  | { readonly kind: "add" | "delete"; readonly value: AttributeValue };

/** An UpdateExpression: its changes by path; no path is a part of another. */
export interface Update {
  readonly changes: PathNode<Change>;
  readonly paths: readonly Path[];
}
