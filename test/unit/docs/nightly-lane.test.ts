import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nightlyFiles } from "../../nightly-files.ts";
import { promises, type TestRef } from "../../promises.ts";

const root = join(import.meta.dirname, "../../..");

/** Whether `npm test` runs the test. */
function isDaily([file, name]: TestRef): boolean {
  if (file in nightlyFiles || file.startsWith("test/scale/")) return false;
  const source = readFileSync(join(root, file), "utf8").replace(/nightly\(\s+"/g, 'nightly("');
  return !source.includes(`nightly("${name}"`);
}

test("every promise but the one of 100,000 vectors has a test in npm test", () => {
  const nightlyOnly = Object.entries(promises).filter(([, tests]) => !tests.some(isDaily));
  expect(nightlyOnly.map(([promise]) => promise)).toEqual([expect.stringMatching(/^100,000 vectors/)]);
});

test("every file of the nightly lane is there, and its siblings are in npm test", () => {
  const siblings = Object.values(nightlyFiles).flat();
  expect([...Object.keys(nightlyFiles), ...siblings].filter((file) => !existsSync(join(root, file)))).toEqual(
    [],
  );
  expect(siblings.filter((file) => file in nightlyFiles)).toEqual([]);
});
