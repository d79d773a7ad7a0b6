import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { runningStackFile } from "../../cli/target.ts";
import { nightly } from "../faults/nightly.ts";
import { eventually } from "./eventually.ts";

jest.setTimeout(300_000);

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "start-"));
  for (const name of ["receipts", "catch-up.csv"]) {
    await cp(join(root, "samples", name), join(folder, "samples", name), { recursive: true });
  }
  await someImages(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** `npm start -- ...` in a project folder. */
function start(cwd: string, ...options: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(root, "local/main.ts"), ...options], { cwd });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

/** What an `npm run SCRIPT -- ...` prints on the stack of the folder. */
async function npm(command: string): Promise<string> {
  const [, script = "", options = ""] = /^npm run (\S+)(?: -- (.*))?$/.exec(command) ?? [];
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const [, file = ""] = /^node (\S+)$/.exec(scripts[script]) ?? [];
  const ran = run("bash", ["-c", `"${process.execPath}" "${join(root, file)}" ${options}`], { cwd: folder });
  // One row of the sample has no text, which the exit code tells.
  const { stdout } = await (script === "catchup" ? ran.catch((ended: { stdout: string }) => ended) : ran);
  return stdout;
}

function printedCommands(output: string): string[] {
  return [...output.matchAll(/^ {2}((?:aws|npm|export AWS).*)$/gm)].map(([, command = ""]) => command);
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

function onPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((entry) => existsSync(join(entry, command)));
}

describe("npm start", () => {
  let started: ReturnType<typeof start>;
  /** The printed commands, ready for a shell. */
  let commands: string[];

  beforeAll(async () => {
    started = start(folder, "--port", "0");
    await eventually(240, async () => {
      if (started.child.exitCode !== null) throw new Error(started.output());
      expect(started.output()).toContain("Ctrl-C stops it");
    });
    commands = printedCommands(started.output());
  });

  afterAll(async () => {
    started.child.kill("SIGINT");
    await exitCode(started.child);
  });

  test("proves that nothing was lost, shows what happened and finds something", () => {
    const said = started.output();
    expect(said).toContain("Every line and word is published exactly once, and every queue is empty.");
    expect(said).toMatch(/published lines {2}generation \d+ with \d+ vectors/);
    expect(said).toMatch(/texts embedded {3}\d+ in \d+ requests/);
    expect(said).toMatch(
      /"how much did I pay at the Salted Anchor Cafe"\n.+\n.+\n.*the salted anchor cafe.*TOTAL 28\.82/i,
    );
    expect(said).toMatch(/"medicine for a headache"\n.+\n(?:.+\n){0,2}.*IBUPROFEN/);
    expect(said).toMatch(/Images: "train times"\n.*\n?.*timetable-trains\.jpg/);
    expect(said).toMatch(/Images: "something sweet"\n.*\n?.*recipe-chocolate-cake\.jpg/);
    expect(said).not.toContain("\u001b");
  });

  test("the npm commands that it prints work on the running stack", async () => {
    const printed = commands.filter((command) => command.startsWith("npm"));
    expect(printed).toHaveLength(5);
    const answers: Record<string, RegExp> = {
      search: /^(?:understood.+\n)?score {2}(?:merchant|date)/,
      export: /14 of 14 receipts exported/,
      "demo:change": /What the search shows/,
      catchup: /40 records: 39 are in the index, 1 failed/,
    };
    for (const command of printed) {
      const [, script = ""] = /^npm run (\S+)/.exec(command) ?? [];
      expect(await npm(command)).toMatch(answers[script] ?? /a command that this test does not know/);
    }
  });

  test("the demo of a change shows it before and after, again and again, and what it prints next finds it", async () => {
    const first = await demo();
    const second = await demo();
    expect(second.merchant).toMatchObject({ before: first.merchant.after });
    expect(second.label).toMatchObject({ before: first.label.after });
    for (const { merchant, label, byMerchant, byLabel } of [first, second]) {
      expect(merchant.after).not.toBe(merchant.before);
      expect(label.after).not.toBe(label.before);
      expect(merchant.seconds).toBeGreaterThan(0);
      expect(byMerchant).toContain(merchant.after);
      expect(byLabel.includes("55.00")).toBe(label.after === "true");
    }
  });

  /** Runs the demo and what it prints next. */
  async function demo() {
    const said = await npm("npm run demo:change");
    const row = (pattern: RegExp) => {
      const [, before = "", after = "", seconds] = pattern.exec(said) ?? [];
      return { before, after, seconds: Number(seconds) };
    };
    const [byMerchant = "", byLabel = ""] = printedCommands(said);
    return {
      merchant: row(/27 lines +canonical_merchant_name +(-|The \w+ Teapot) +(The \w+ Teapot) +(\d+\.\d)$/m),
      label: row(/the word 55\.00 +label_TOTAL +(\S+) +(\S+) +(\d+\.\d)$/m),
      byMerchant: await npm(byMerchant),
      byLabel: await npm(byLabel),
    };
  }

  const withAwsCli = onPath("aws") ? test : test.skip;
  withAwsCli(
    "the AWS CLI commands that it prints send, count and read (skipped where there is no aws)",
    async () => {
      const [environment, ...aws] = commands.filter((command) => /^(export|aws)/.test(command));
      const shell = (command = "") => run("bash", ["-c", `${environment} && ${command}`], { cwd: folder });
      const [send, count, read, tail] = aws;
      expect(JSON.parse((await shell(send)).stdout).MessageId).toMatch(/^[0-9a-f-]{36}$/);
      expect((await shell(count)).stdout).toContain("ApproximateNumberOfMessages");
      await eventually(60, async () => {
        expect((await shell(read)).stdout).toContain("Receipt unchanged");
      });
      expect(tail).toMatch(/logs tail \/aws\/lambda\/\S+-compaction --follow$/);
    },
  );

  test("a second stack in the same folder is refused before it harms the first", async () => {
    const second = start(folder, "--port", "0");
    expect(await exitCode(second.child)).toBe(1);
    expect(second.output()).toMatch(/A stack runs in this folder already, at http:/);
  });

  test("Ctrl-C stops everything and leaves no stack announced", async () => {
    const { environment } = JSON.parse(await readFile(join(folder, runningStackFile), "utf8"));
    started.child.kill("SIGINT");
    expect(await exitCode(started.child)).toBe(0);
    expect(existsSync(join(folder, runningStackFile))).toBe(false);
    await expect(fetch(environment.AWS_ENDPOINT_URL)).rejects.toThrow();
  });
});

// That it ends with 0 otherwise is seen by .ci/run, with all samples.
nightly("--once ends with another code than 0 where a receipt could not be exported", async () => {
  const broken = await project("broken", 2);
  const [, image = ""] = await readdir(join(broken, "samples/receipts"));
  await rm(join(broken, "samples/receipts", image, "receipt-00001/words.ndjson"));
  const bad = start(broken, "--once", "--port", "0");
  expect(await exitCode(bad.child)).toBe(1);
  expect(bad.output()).toMatch(/The check failed:\n {2}- .*words\.ndjson/);
});

test("a port in use and a folder without receipts or images are named at once, with what to do", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const busy = start(folder, "--once", "--port", String(port));
  const code = await exitCode(busy.child);
  taken.close();
  expect(code).toBe(1);
  expect(busy.output()).toMatch(new RegExp(`Port ${port} .* is taken .*another port`));

  for (const option of ["--receipts", "--images"]) {
    const empty = start(folder, option, "nowhere");
    expect(await exitCode(empty.child)).toBe(1);
    expect(empty.output()).toContain("nowhere");
  }
});

/** An answer to each search. Reading an image takes seconds, so that the start of .ci/run alone has all of them. */
async function someImages(project: string): Promise<void> {
  for (const name of ["timetable-trains.jpg", "recipe-chocolate-cake.jpg"]) {
    await cp(join(root, "samples/images", name), join(project, "samples/images", name));
  }
}

/** A project folder with the first few samples. */
async function project(name: string, receipts: number): Promise<string> {
  const samples = join(root, "samples/receipts");
  for (const image of (await readdir(samples)).sort().slice(0, receipts)) {
    await cp(join(samples, image), join(folder, name, "samples/receipts", image), { recursive: true });
  }
  await someImages(join(folder, name));
  return join(folder, name);
}
