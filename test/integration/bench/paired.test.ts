import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { pairedLines } from "../../../bench/paired/report.ts";
import { cpuSeconds } from "../../../bench/paired/run.ts";

const run = promisify(execFile);
let repository: string;

async function commit(script: string): Promise<void> {
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: repository });
  await git("init", "-q");
  await writeFile(join(repository, "bench.ts"), script);
  await git("add", ".");
  await git("commit", "-qm", "bench");
}

beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), "vectorkeep-paired-test-"));
});
afterEach(() => rm(repository, { recursive: true }));

const paired = (...args: string[]) =>
  run(process.execPath, [resolve("bench/paired.ts"), ...args], { cwd: repository });

test("an older commit and this checkout run in turns, and a printed figure is compared", async () => {
  await commit("console.log('rows 1,000 per second');");
  await writeFile(join(repository, "bench.ts"), "console.log('rows 1,500 per second');");
  const { stdout } = await paired(
    "--against",
    "HEAD",
    "--pairs",
    "2",
    "--figure",
    "rows ([\\d,]+)",
    "--",
    "bench.ts",
  );
  expect(stdout.match(/^(before|now), run \d/gm)).toEqual([
    "before, run 1",
    "now, run 1",
    "now, run 2",
    "before, run 2",
  ]);
  expect(stdout).toMatch(/^rows \(.*\) +1000 +1500 +1\.500 +1\.500 +1\.500$/m);
  expect(stdout).toMatch(/^CPU seconds +\d/m);
  expect(
    (await run("git", ["worktree", "list"], { cwd: repository })).stdout.trim().split("\n"),
  ).toHaveLength(1);
  expect(await readdir(repository)).not.toContain("checkout");
});

test("a benchmark that fails is no figure", async () => {
  await commit("process.exit(3);");
  await expect(paired("--against", "HEAD", "--", "bench.ts")).rejects.toThrow("ended with code 3");
});

test("the spread is that of the pairs, and the ratio that of the medians", () => {
  const pairs = [
    [10, 11],
    [10, 20],
    [40, 22],
  ].map(([before = 0, now = 0]) => ({ before: new Map([["s", before]]), now: new Map([["s", now]]) }));
  expect(pairedLines(pairs)[1]?.trim().split(/\s+/)).toEqual([
    "s",
    "10.000",
    "20.000",
    "2.000",
    "0.550",
    "2.000",
  ]);
});

test("CPU time is that of the children, user and system", () => {
  expect(cpuSeconds("0m0.001s 0m0.002s\n1m2.500s 0m1.250s\n")).toBeCloseTo(63.75);
});
