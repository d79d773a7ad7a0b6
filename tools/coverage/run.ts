// npm run test:coverage [-- JEST ARGUMENTS]: runs the tests, counts the lines that they and the processes they start run,
// and fails below the gates. Without arguments it runs all tests, for which the gates are meant.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import coverage, { type CoverageMap, type CoverageMapData } from "istanbul-lib-coverage";
import { gates, linesPerFolder, tableOf } from "./lines.ts";

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

/** Of Jest's processes and of those that tests started. One that was killed has written nothing. */
function measured(): CoverageMap {
  const map = coverage.createCoverageMap(readCoverage(folder));
  if (readdirSync(children).length > 0) map.merge(ofChildren());
  map.filter((path) => sources.some((source) => path.startsWith(join(root, source, "/"))));
  return map;
}

function ofChildren(): CoverageMapData {
  const target = join(folder, "of-children");
  execFileSync(
    process.execPath,
    [
      join(root, "node_modules/c8/bin/c8.js"),
      "report",
      `--temp-directory=${children}`,
      `--reports-dir=${target}`,
      "--reporter=json",
      "--merge-async",
      "--exclude-after-remap",
      ...include.map((pattern) => `--include=${pattern}`),
    ],
    { cwd: root, stdio: "inherit" },
  );
  return readCoverage(target);
}

function readCoverage(from: string): CoverageMapData {
  return JSON.parse(readFileSync(join(from, "coverage-final.json"), "utf8"));
}

const status = runTests();
const map = measured();
writeFileSync(join(folder, "coverage.json"), JSON.stringify(map));
const folders = linesPerFolder(
  map
    .files()
    .map((path) => ({ path: path.slice(root.length + 1), ...map.fileCoverageFor(path).toSummary().lines })),
);
console.log(tableOf(folders));
const missed = gates.filter(({ folder: name, percent }) => (folders.get(name)?.percent ?? 0) < percent);
for (const { folder: name, percent } of missed)
  console.error(`${name}: fewer than ${percent} % of the lines are run.`);
process.exitCode = status !== 0 || missed.length > 0 ? 1 : 0;
