import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { type BuiltProgram, projectRoot } from "../../infra/bundles/build-program.ts";
import { ProgramCache } from "../../infra/bundles/program-cache.ts";
import { nightly } from "../faults/nightly.ts";

let folder: string;
let input: string;
let builds: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "program-cache-"));
  input = join(folder, "input.ts");
  await writeInput("first");
  builds = 0;
});

afterEach(() => rm(folder, { recursive: true }));

test("a program is bundled once while nothing that went into it changes", async () => {
  expect(await bundled()).toBe("bundle of first, map of first");
  expect(await bundled()).toBe("bundle of first, map of first");
  await utimes(input, new Date(), new Date());
  expect(await bundled()).toBe("bundle of first, map of first");
  expect(builds).toBe(1);
});

test("a program is bundled again when the content of one of its files changes", async () => {
  await bundled();
  await writeInput("other");
  expect(await bundled()).toBe("bundle of other, map of other");
  expect(builds).toBe(2);
});

test("a program that was edited while it was bundled is not kept", async () => {
  const editedMeanwhile = async () => {
    const program = await build();
    await writeFile(input, "edited");
    return program;
  };
  expect(await bundled(editedMeanwhile)).toBe("bundle of first, map of first");
  expect(await bundled()).toBe("bundle of edited, map of edited");
});

test.each([
  ["cut", (file: Buffer) => file.subarray(0, file.length - 1)],
  ["changed", (file: Buffer) => Buffer.concat([file.subarray(0, -1), Buffer.from("!")])],
  ["emptied", () => Buffer.alloc(0)],
  ["replaced by something else", () => Buffer.from("{}\nnot a program")],
])("a kept program that was %s is bundled again", async (_, corrupt) => {
  await bundled();
  const [name = ""] = await readdir(join(folder, "programs"));
  const kept = join(folder, "programs", name);
  await writeFile(kept, corrupt(await readFile(kept)));
  expect(await bundled()).toBe("bundle of first, map of first");
  expect(builds).toBe(2);
});

nightly(
  "a deployment without source changes spends less than 3 s of CPU on all bundles, and bundles nothing",
  async () => {
    const script = `
    const { functionBundles, catchUpBundles, queryServerContext } = await import("./infra/bundles/stack-bundles.ts");
    const before = process.cpuUsage();
    await Promise.all([functionBundles(), catchUpBundles(), queryServerContext()]);
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1e6);`;
    const run = async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
        cwd: projectRoot,
      });
      return Number(stdout);
    };
    await run();
    const kept = await writingTimes();
    expect(await run()).toBeLessThan(3);
    expect(await writingTimes()).toEqual(kept);
    expect(kept.length).toBeGreaterThanOrEqual(12);
  },
  600_000,
);

/** By an instance of its own, as in a deployment of its own. */
async function bundled(building = build): Promise<string> {
  const cache = new ProgramCache(join(folder, "programs"), building);
  const { code, map } = await cache.program("functions/some/handler.ts");
  return `${Buffer.from(code)}${Buffer.from(map)}`;
}

async function build(): Promise<BuiltProgram> {
  builds++;
  const text = await readFile(input, "utf8");
  return {
    code: Buffer.from(`bundle of ${text}`),
    map: Buffer.from(`, map of ${text}`),
    inputs: new Map([relative(projectRoot, input), "package.json"].map((path) => [path, 1])),
  };
}

/** As somebody wrote it a while ago. */
async function writeInput(text: string): Promise<void> {
  await writeFile(input, text);
  const past = new Date(Date.now() - 60_000);
  await utimes(input, past, past);
}

async function writingTimes(): Promise<number[]> {
  const programs = join(projectRoot, ".build/programs");
  const names = (await readdir(programs)).sort();
  return Promise.all(names.map(async (name) => (await stat(join(programs, name))).mtimeMs));
}
