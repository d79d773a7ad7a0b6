import { type AttributeValue, attributeOf, type Item } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";
import { ExpressionReader } from "./expression-reader.ts";
import { addPath, newPathTree, type Path, type PathNode, pathText } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";

export type Projection = PathNode<true>;

/** Reads a ProjectionExpression. Throws AwsError. */
export function readProjection(text: unknown, placeholders: Placeholders): Projection {
  const reader = new ExpressionReader("ProjectionExpression", text, placeholders);
  const paths = reader.list(() => reader.path());
  reader.takeEnd();
  const tree = newPathTree<true>();
  for (const path of paths) {
    addPath(tree, path, true, (kind, one, two) =>
      reader.error(
        `Two document paths ${kind} with each other; must remove or rewrite one of these paths; path one: ${pathText(one)}, path two: ${pathText(two)}`,
      ),
    );
  }
  return tree;
}

/** The paths must not overlap. */
export function projectionOf(paths: readonly Path[]): Projection {
  const tree = newPathTree<true>();
  for (const path of paths) addPath(tree, path, true, () => validationError("The paths overlap."));
  return tree;
}

/** Returns the projected part of an item; gaps in lists are closed. */
export function project(item: Item, node: Projection): Item {
  return Object.fromEntries(
    [...node.children].flatMap(([step, child]) => {
      const part = partOf(attributeOf(item, String(step)), child);
      return part === undefined ? [] : [[String(step), part] as const];
    }),
  );
}

function partOf(value: AttributeValue | undefined, node: Projection): AttributeValue | undefined {
  if (value === undefined || node.leaf !== undefined) return value;
  const [step] = node.children.keys();
  if (typeof step === "number") {
    if (!("L" in value)) return undefined;
    const inOrder = [...node.children].sort(([a], [b]) => Number(a) - Number(b));
    const parts = inOrder.map(([index, child]) => partOf(value.L[Number(index)], child));
    const found = parts.filter((part) => part !== undefined);
    return found.length === 0 ? undefined : { L: found };
  }
  if (!("M" in value)) return undefined;
  const found = project(value.M, node);
  return Object.keys(found).length === 0 ? undefined : { M: found };
}
