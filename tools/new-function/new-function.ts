// Makes a Lambda function that deploys, is tested and watched: `npm run new:function -- NAME [--every MINUTES]`.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { filesOf, namesOf, withEntry } from "./templates.ts";

const usage = `Makes a Lambda function that deploys, is tested and watched.

  npm run new:function -- NAME [--every MINUTES]

  NAME     in lower case with dashes, as purge-drafts: the folder in functions/
  --every  invokes it on a schedule (default: it is invoked on demand)
`;
const registry = "infra/added-functions.ts";
/** Of a function's name in AWS 64 characters, of which the project and the stack take some. */
const maxLength = 30;

const root = process.cwd();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: "string" }, help: { type: "boolean", default: false } },
});
const [name] = positionals;
const problem = values.help ? undefined : problemOf(name, values.every);
if (values.help || name === undefined || problem !== undefined) {
  if (problem !== undefined) console.error(problem);
  (values.help ? console.log : console.error)(usage);
  process.exitCode = values.help ? 0 : 1;
} else {
  make(name, values.every === undefined ? undefined : Number(values.every));
}

function make(kebab: string, everyMinutes: number | undefined): void {
  const names = namesOf(kebab);
  const files = filesOf(names, everyMinutes);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: "wx" });
    console.log(`made    ${path}`);
  }
  writeFileSync(join(root, registry), withEntry(readFileSync(join(root, registry), "utf8"), names));
  console.log(`changed ${registry}`);
  // Line breaks and the order of imports depend on the name.
  const biome = join(root, "node_modules/.bin/biome");
  execFileSync(biome, ["check", "--write", ...Object.keys(files), registry], { cwd: root, stdio: "ignore" });
  console.log(`
Next: the rule in core/${kebab}/${kebab}.ts, what it reads in functions/${kebab}/config.ts, what it may do in
infra/components/${kebab}.ts. Then:

  npx jest test/infra/${kebab} test/unit/${kebab}
  UPDATE_FIXTURES=1 npx jest test/infra/resources   # accepts the new resources
  npm run check`);
}

function problemOf(kebab: string | undefined, every: string | undefined): string | undefined {
  if (kebab === undefined) return "There is no name.";
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kebab) || kebab.length > maxLength) {
    return `A name has lower-case words with dashes and at most ${maxLength} characters, not ${JSON.stringify(kebab)}.`;
  }
  if (existsSync(join(root, "functions", kebab)) || existsSync(join(root, "core", kebab))) {
    return `functions/${kebab} or core/${kebab} exists.`;
  }
  if (every !== undefined && !/^[1-9]\d{0,4}$/.test(every))
    return `--every is a number of minutes, not ${every}.`;
  return undefined;
}
