import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisesIn } from "../../../tools/docs/tests-page.ts";
import { promises } from "../../promises.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/guarantees.md"), "utf8");
const promised = promisesIn(page).map(({ promise }) => promise);

test("every promise of the page has tests in test/promises.ts, and nothing else has", () => {
  expect(promised.length).toBeGreaterThan(80);
  expect(promised.filter((promise) => (promises[promise] ?? []).length === 0)).toEqual([]);
  expect(Object.keys(promises).filter((promise) => !promised.includes(promise))).toEqual([]);
});

test("every test that holds a promise is there under its name", () => {
  const missing = Object.values(promises)
    .flat()
    .filter(([file, name]) => {
      const path = join(root, file);
      return !existsSync(path) || !readFileSync(path, "utf8").includes(`"${name}"`);
    });
  expect(missing).toEqual([]);
});

test("the page lists promises and limits: tests stand in test/promises.ts", () => {
  expect(page).not.toMatch(/^ {2}- `test\//m);
});
