import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildProgram } from "../../../infra/bundles/build-program.ts";
import { programFiles } from "../../../infra/bundles/bundle.ts";
import { ChildrenCounts } from "../../../tools/coverage/children.ts";
import { codeOf } from "../../../tools/coverage/code-lines.ts";
import { RunLines } from "../../../tools/coverage/run-lines.ts";

const root = join(import.meta.dirname, "../../..");
const own = "test/integration/coverage";
const sources = [`${own}/counted.ts`, `${own}/sizes.ts`];
const preload = join(root, "tools/coverage/preload.ts");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coverage-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves to what is printed about the program's end. */
async function end(how: string, ...program: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", preload, join(import.meta.dirname, "end-program.ts"), how, ...program],
    { env: { PATH: process.env.PATH, NODE_V8_COVERAGE: join(folder, "counts") } },
  );
  return stdout.trim();
}

/** The lines of code of our sources that processes ran, and those that none ran. */
async function counted(): Promise<{ run: readonly string[]; not: readonly string[] }> {
  const texts = new Map(sources.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const code = new Map(
    await Promise.all([...texts].map(async ([path, text]) => [path, await codeOf(text)] as const)),
  );
  const runs = new RunLines();
  new ChildrenCounts(root, code, runs).addFolder(join(folder, "counts"));
  const lines = [...code].flatMap(([path, positions]) =>
    [...new Set(positions.map(({ line }) => line))].map((line) => ({
      text: texts.get(path)?.split("\n")[line]?.trim() ?? "",
      isRun: runs.has(path, line),
    })),
  );
  const textsOf = (wanted: boolean) => lines.filter(({ isRun }) => isRun === wanted).map(({ text }) => text);
  return { run: textsOf(true), not: textsOf(false) };
}

const expected = {
  run: [
    "setInterval(() => {}, 60_000);",
    "console.log(sizeOf(process.argv.length));",
    "export function sizeOf(count: number): string {",
    "if (count > 1_000) {",
    'return "few";',
  ],
  not: [
    'return "many, which it is not";',
    "export function halfOf(count: number): number {",
    "return count / 2;",
  ],
};

test.each([
  ["by SIGKILL of its group", "kill", "signal: killed"],
  ["by SIGTERM, for which it has no listener", "SIGTERM", "signal: SIGTERM"],
])("a program that ends %s has written what it ran", async (_how, signal, said) => {
  expect(await end(signal, join(root, sources[0] ?? ""))).toBe(said);
  expect(await counted()).toEqual(expected);
});

test("what a bundle ran counts for its sources, wherever it lay; what the bundler left out does not", async () => {
  const bundle = mkdtempSync(join(folder, "bundle-"));
  const program = await buildProgram(sources[0] ?? "");
  for (const [name, bytes] of programFiles("index.mjs", program)) writeFileSync(join(bundle, name), bytes);
  expect(await end("kill", join(bundle, "index.mjs"))).toBe("signal: killed");
  rmSync(bundle, { recursive: true });
  expect(await counted()).toEqual(expected);
});

const busy = "console.log('busy'); for (const end = Date.now() + 30_000; Date.now() < end; );";

test("a program that is too busy to write is killed all the same", async () => {
  const program = join(folder, "busy.mjs");
  writeFileSync(program, busy);
  expect(await end("kill", program)).toBe("signal: killed");
}, 15_000);

test("a program that is given as text, as Chroma's server is, ends at once by a signal that it does not handle", async () => {
  expect(await end("SIGTERM", "--eval", busy)).toBe("signal: SIGTERM");
}, 15_000);
