// Writes the pages of docs/ that are generated from the sources.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedPages } from "./generated-pages.ts";

const root = join(import.meta.dirname, "../..");
for (const [page, text] of generatedPages(root)) {
  writeFileSync(join(root, page), text);
  console.log(`Wrote ${page}.`);
}
