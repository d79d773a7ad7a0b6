import type { AwsError } from "../../../protocol/service.ts";
import { type AttributeValue, attributeOf, type Item } from "../values/attribute-value.ts";

/** Names of attributes and indexes of lists, from the item inwards. */
export type Path = readonly (string | number)[];

export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const step of path) {
    if (value === undefined) return undefined;
    if (typeof step === "number")
      value = "L" in value ? (value.L as readonly AttributeValue[])[step] : undefined;
    else value = "M" in value ? attributeOf(value.M, step) : undefined;
  }
  return value;
}

/** Formats a path as in DynamoDB's messages: `[a, [0], b]`. */
export function pathText(path: Path): string {
  return `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;
}

/** Paths by their steps, each with its value. */
export interface PathNode<Leaf> {
  readonly children: Map<string | number, PathNode<Leaf>>;
  leaf: Leaf | undefined;
  /** The first path that came through here, for messages. */
  readonly path: Path;
}

export function newPathTree<Leaf>(): PathNode<Leaf> {
  return { children: new Map(), leaf: undefined, path: [] };
}

/** Throws what `problem` makes of the two paths, where one is a part of the other, or they take one value for a list and a map. */
export function addPath<Leaf>(
  root: PathNode<Leaf>,
  path: Path,
  leaf: Leaf,
  problem: (kind: "overlap" | "conflict", one: Path, two: Path) => AwsError,
): void {
  let node = root;
  for (const step of path) {
    if (node.leaf !== undefined) throw problem("overlap", node.path, path);
    const [sibling] = node.children;
    if (sibling !== undefined && typeof sibling[0] !== typeof step) {
      throw problem("conflict", sibling[1].path, path);
    }
    const child = node.children.get(step) ?? { children: new Map(), leaf: undefined, path };
    node.children.set(step, child);
    node = child;
  }
  if (node.leaf !== undefined || node.children.size > 0) throw problem("overlap", node.path, path);
  node.leaf = leaf;
}
