import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildProgram, projectRoot } from "../../infra/bundles/build-program.ts";
import { bundleFunction, place, programFiles } from "../../infra/bundles/bundle.ts";

jest.setTimeout(120_000);

const build = join(projectRoot, ".build");
let folder: string;

beforeAll(async () => {
  await mkdir(build, { recursive: true });
  folder = await mkdtemp(join(build, "bundle-errors-"));
});

afterAll(() => rm(folder, { recursive: true }));

test("every error of core keeps its class name in a minified bundle, and the code that is made of it", async () => {
  const sources = globSync("core/**/*.ts", { cwd: projectRoot }).filter((source) =>
    /^export class \w+Error extends/m.test(readFileSync(join(projectRoot, source), "utf8")),
  );
  const entry = join(folder, "errors.ts");
  const lines = sources.map(
    (source, index) => `export * as m${index} from ${JSON.stringify(join(projectRoot, source))};`,
  );
  await writeFile(entry, lines.join("\n"));
  await placeProgram(entry, "errors.mjs");
  const found = JSON.parse(
    await run(
      `const all = await import(process.argv[1]);
       const classes = Object.values(all).flatMap((module) => Object.entries(module));
       console.log(JSON.stringify(classes.filter(([, value]) => value?.prototype instanceof Error)
         .map(([exported, { name, prototype }]) => [exported, name, Object.create(prototype).code])));`,
      join(folder, "errors.mjs"),
    ),
  ) as [exported: string, name: string, code: string][];
  expect(found.filter(([exported, name]) => exported !== name)).toEqual([]);
  expect(found).toContainEqual(["LeaseLostError", "LeaseLostError", "VK_LEASE_LOST"]);
  expect(found).toContainEqual(["PlanMissingError", "PlanMissingError", "VK_PLAN_MISSING"]);
  expect(found.length).toBeGreaterThan(50);
});

test("a stack trace of a function names file and line of the source", async () => {
  const placed = await place(await bundleFunction("catch-up-settle", {}), join(folder, "catch-up-settle"));
  const stack = await run(
    "await import(process.argv[1]).catch(({ stack }) => console.log(stack));",
    join(placed, "index.mjs"),
  );
  const source = readFileSync(join(projectRoot, "core/settings/environment.ts"), "utf8").split("\n");
  const line = 1 + source.findIndex((text) => text.includes("throw new EnvironmentInvalidError("));
  expect(stack).toContain("EnvironmentInvalidError: The environment of this process is invalid");
  expect(stack).toContain(`core/settings/environment.ts:${line}:`);
  expect(stack).toContain("functions/catch-up-settle/handler.ts:");
});

test("a source map that cannot be read leaves the error as it is", async () => {
  const placed = await place(await bundleFunction("catch-up-settle", {}), join(folder, "unreadable-map"));
  await writeFile(join(placed, "index.mjs.map"), "{");
  const stack = await run(
    "await import(process.argv[1]).catch(({ stack }) => console.log(stack));",
    join(placed, "index.mjs"),
  );
  expect(stack).toContain("EnvironmentInvalidError: The environment of this process is invalid");
  expect(stack).toMatch(/at readEnvironment .*index\.mjs:\d+:\d+/);
});

async function placeProgram(source: string, name: string): Promise<void> {
  for (const [path, content] of programFiles(name, await buildProgram(source))) {
    await writeFile(join(folder, path), content);
  }
}

async function run(script: string, file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", script, file],
    { env: { AWS_REGION: "us-east-1" } },
  );
  return stdout;
}
