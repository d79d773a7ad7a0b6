// npm run test:coverage [-- JEST ARGUMENTS]: runs the tests, counts the lines that they and the processes they start run,
// and fails below the gates. Without arguments it runs all tests, for which the gates are meant.
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import coverage, { type CoverageMapData } from "istanbul-lib-coverage";
import { ChildrenCounts, type Code } from "./children.ts";
import { codeOf } from "./code-lines.ts";
import { lcovOf } from "./lcov.ts";
import { linesPerFolder, missedGates, tableOf } from "./lines.ts";
import { RunLines } from "./run-lines.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "coverage");
const children = join(folder, "children");
const sources = ["core", "contract", "functions", "containers", "infra", "local", "cli"];
const include = sources.map((source) => `${source}/**/*.ts`);

function runTests(): number {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(children, { recursive: true });
  const options = [
    "--coverage",
    "--coverageProvider=v8",
    "--coverageReporters=json",
    `--coverageDirectory=${folder}`,
  ];
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/jest/bin/jest.js"),
      ...process.argv.slice(2),
      ...options,
      `--env=${join(import.meta.dirname, "environment.ts")}`,
      ...include.map((pattern) => `--collectCoverageFrom=${pattern}`),
    ],
    // V8 counts less exactly in code that it takes from a cache.
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, CHILDREN_COVERAGE: children, NODE_DISABLE_COMPILE_CACHE: "1" },
    },
  );
  return status ?? 1;
}

/** Positions of code by source. */
async function codeOfSources(): Promise<Code> {
  const paths = globSync(include, { cwd: root });
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path, await codeOf(await readFile(join(root, path), "utf8"))] as const),
    ),
  );
}

/** Adds what Jest's own processes ran. */
function addJest(runs: RunLines): void {
  const data: CoverageMapData = JSON.parse(readFileSync(join(folder, "coverage-final.json"), "utf8"));
  const map = coverage.createCoverageMap(data);
  for (const path of map.files()) {
    for (const [line, count] of Object.entries(map.fileCoverageFor(path).getLineCoverage()))
      if (count > 0) runs.add(relative(root, path), Number(line) - 1);
  }
}

const status = runTests();
const code = await codeOfSources();
const runs = new RunLines();
addJest(runs);
new ChildrenCounts(root, code, runs).addFolder(children);
const files = Array.from(code, ([path, positions]) => {
  const lines = [...new Set(positions.map(({ line }) => line))].sort((left, right) => left - right);
  return { path, lines: lines.map((line) => ({ line, isRun: runs.has(path, line) })) };
});
writeFileSync(join(folder, "lcov.info"), lcovOf(files));
const folders = linesPerFolder(
  files.map(({ path, lines }) => ({
    path,
    total: lines.length,
    covered: lines.filter(({ isRun }) => isRun).length,
  })),
);
console.log(tableOf(folders));
const missed = missedGates(folders);
for (const gate of missed) console.error(gate);
process.exitCode = status !== 0 || missed.length > 0 ? 1 : 0;
