import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { caseNames, casesArePresent } from "./reported-cases.ts";

(casesArePresent ? test : test.skip)("every reported case has a test that runs it", () => {
  const sources = globSync("*.test.ts", { cwd: import.meta.dirname })
    .filter((file) => file !== "every-case.test.ts")
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"));
  const untested = caseNames().filter((name) => !sources.some((source) => source.includes(`"${name}"`)));
  expect(untested).toEqual([]);
});
