import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const tests = join(import.meta.dirname, "../..");
/** The failure modes of the design that touch compaction. */
const numbers = [1, 2, 3, 4, 5, 6, 8, 10, 11, 13, 14, 15, 16, 17, 19, 21];

test("every failure mode that touches compaction has a test named by its number", () => {
  const names = globSync("**/*.test.ts", { cwd: tests }).flatMap((file) => {
    const source = readFileSync(join(tests, file), "utf8");
    return [...source.matchAll(/\b(?:test|describe|faultTest)(?:\.each\([\s\S]*?\))?\(\s*["`]([^"`]*)["`]/g)];
  });
  const named = new Set(names.flatMap(([, name = ""]) => name.match(/\bF\d+\b/g) ?? []));
  expect(numbers.filter((number) => !named.has(`F${number}`))).toEqual([]);
});
