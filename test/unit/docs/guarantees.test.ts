import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/guarantees.md"), "utf8");
const promises = page.split("\n- **").slice(1);
const cited = [...page.matchAll(/^ {2}- `(test\/[^`]+)`: "(.+)"$/gm)].map(([, file = "", name = ""]) => ({
  file,
  name,
}));

test("every promise names a test that holds it", () => {
  expect(promises.length).toBeGreaterThan(10);
  expect(promises.filter((promise) => !promise.includes("\n  - `test/"))).toEqual([]);
});

test("every test that the page names is there under that name", () => {
  const missing = cited.filter(({ file, name }) => {
    const path = join(root, file);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(`"${name}"`);
  });
  expect(missing).toEqual([]);
});
