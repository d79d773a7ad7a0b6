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

const root = join(tests, "..");
const page = readFileSync(join(root, "docs/failure-modes.md"), "utf8");
const sections = page.split(/^### /m).slice(1);

test("every later failure mode says its symptom, its guard and the tests that hold it", () => {
  expect(sections.length).toBeGreaterThan(20);
  const unfinished = sections.filter((section) =>
    ["Symptom", "Guard", "Test"].some((part) => !new RegExp(`\\*\\*${part}\\.\\*\\* \\S`).test(section)),
  );
  expect(unfinished.map((section) => section.split("\n", 1)[0])).toEqual([]);
});

test.each([
  ["failure-modes", 40],
  ["images-checklist", 50],
  ["bulk-checklist", 60],
])("every test that docs/%s.md names is there under that name", (name, atLeast) => {
  const text = readFileSync(join(root, `docs/${name}.md`), "utf8");
  const cited = [...text.matchAll(/`(test\/[^`]+)`((?:(?::|,)\s"[^"]+")+)/g)].flatMap(
    ([, file = "", names = ""]) =>
      Array.from(names.matchAll(/"([^"]+)"/g), ([, name = ""]) => ({ file, name })),
  );
  expect(cited.length).toBeGreaterThan(atLeast);
  const missing = cited.filter(
    ({ file, name }) => !readFileSync(join(root, file), "utf8").includes(`"${name.replaceAll('"', '\\"')}"`),
  );
  expect(missing).toEqual([]);
});
