import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { declared } from "./config.ts";
import { configurationPage } from "./settings/page.ts";

const page = join(import.meta.dirname, "../docs/configuration.md");
await writeFile(page, configurationPage(declared));
console.log(`Wrote ${page}.`);
