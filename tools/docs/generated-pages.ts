import { readFileSync } from "node:fs";
import { join } from "node:path";
import { declared } from "../../infra/config.ts";
import { configurationPage } from "../../infra/settings/page.ts";
import { declaredErrors, errorsPage } from "./errors-page.ts";
import { testsPage } from "./tests-page.ts";

/** Path and text of each page that is generated; the sources below `root` say what is in it. */
export function generatedPages(root: string): ReadonlyMap<string, string> {
  const guarantees = readFileSync(join(root, "docs/guarantees.md"), "utf8");
  return new Map([
    ["docs/configuration.md", configurationPage(declared)],
    ["docs/errors.md", errorsPage(declaredErrors(root))],
    ["docs/guarantees-tests.md", testsPage(guarantees)],
  ]);
}
