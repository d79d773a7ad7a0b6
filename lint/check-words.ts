// Refuses the words of lint/old-words.ts in sources, docs and test titles, and those of lint/engine-words.ts in the engine.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { engineWordIn } from "./engine-words.ts";
import { oldWordsIn } from "./old-words.ts";

const checked = /\.(ts|md|cjs|yaml|yml)$/;
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter(
    (file) => checked.test(file) && !/^(test\/unit\/)?lint\//.test(file) && !file.startsWith("samples/"),
  );

let found = 0;
for (const file of files) {
  for (const [index, line] of textOf(file).split("\n").entries()) {
    for (const { found: word, use } of oldWordsIn(line, file)) {
      found += 1;
      console.error(`${file}:${index + 1}: "${word}" is an old word; use: ${use}`);
    }
    const ownWord = engineWordIn(line, file);
    if (ownWord !== undefined) {
      found += 1;
      console.error(
        `${file}:${index + 1}: "${ownWord}" belongs in core/receipts; the engine knows documents`,
      );
    }
  }
}
if (found > 0) {
  console.error(`${found} words. docs/glossary.md has the terms.`);
  process.exitCode = 1;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // A file that is deleted and not committed yet.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
