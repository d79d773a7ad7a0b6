import { codeOf } from "../../../tools/coverage/code-lines.ts";

const source = `import {
  first,
  second,
} from "./numbers.ts";
import type { Other } from "./other.ts";

/** A comment. */
interface Shape {
  readonly area: number;
}

export { third } from "./third.ts";

export function larger(shape: Shape, other: Other): number {
  if (shape.area > other.area) {
    return first(shape);
  } else {
    return second(
      other,
    );
  }
}

type Name = string;
export const name: Name = "larger";
`;

test("comments, types, imports and lines of brackets alone are no code", async () => {
  const lines = new Set((await codeOf(source)).map(({ line }) => line));
  const code = source.split("\n").filter((_line, index) => lines.has(index));
  expect(code.map((line) => line.trim())).toEqual([
    "export function larger(shape: Shape, other: Other): number {",
    "if (shape.area > other.area) {",
    "return first(shape);",
    "return second(",
    "other,",
    'export const name: Name = "larger";',
  ]);
});
