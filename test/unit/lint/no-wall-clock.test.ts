import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

test("no unit test measures by a wall clock: time is injected, and CPU time judges cost", () => {
  const folder = join(import.meta.dirname, "..");
  const tests = globSync("**/*.test.ts", { cwd: folder });
  expect(tests.length).toBeGreaterThan(100);
  const measure = new RegExp(["performance", "now"].join(String.raw`\.`));
  expect(tests.filter((file) => measure.test(readFileSync(join(folder, file), "utf8")))).toEqual([]);
});
