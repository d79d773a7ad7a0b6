import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Inputs from public bug reports, one folder per case; they are not part of the repository. */
export const casesFolder = join(import.meta.dirname, "../../../shared/data/cases");

export const casesArePresent = existsSync(casesFolder);

/** The names of all case folders, such as `02-latin1-bytes`; empty where the data is absent. */
export function caseNames(): readonly string[] {
  return casesArePresent ? readdirSync(casesFolder).sort() : [];
}

export const caseFile = (name: string, file: string): string => join(casesFolder, name, file);

export const readCase = (name: string, file: string): string => readFileSync(caseFile(name, file), "utf8");

/**
 * One test per case, named by its folder (its `expected.txt` says what is right); each is skipped,
 * and says so, where the data is absent. `tests` has the folder's name as key.
 */
export function testCases(tests: Readonly<Record<string, () => Promise<void> | void>>): void {
  for (const [name, run] of Object.entries(tests)) {
    const present = existsSync(join(casesFolder, name));
    const title = present ? `case ${name}` : `case ${name} (skipped: ../shared/data/cases/${name} is absent)`;
    (present ? test : test.skip)(title, async () => run());
  }
}
