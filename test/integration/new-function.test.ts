import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { filesOf, namesOf } from "../../tools/new-function/templates.ts";

const root = join(import.meta.dirname, "../..");
const product = /^(core|functions|containers|infra|cli|local|bin)\//;

// Compiles and bundles in a copy of the repository.
jest.setTimeout(600_000);

let copy: string;
const git = (...args: string[]) => execFileSync("git", args, { cwd: copy, encoding: "utf8" });
const nodeBinary = join(root, "node_modules/.bin/node");
const node = (...args: string[]) => promisify(execFile)(nodeBinary, args, { cwd: copy, maxBuffer: 1 << 26 });
const changed = () =>
  git("status", "--porcelain", "--untracked-files=all")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ isNew: line.startsWith("??"), path: line.slice(3) }));

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "new-function-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of files.split("\n").filter((path) => path !== "")) {
    try {
      cpSync(join(root, file), join(copy, file), { recursive: true });
    } catch (error) {
      // A file that is deleted and not committed yet.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  git("init", "-q");
  git("add", "-A");
  git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "test: copy");
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("a new function deploys, is tested and watched, and one product file is edited for it", async () => {
  await node("tools/new-function/new-function.ts", "purge-drafts", "--every", "60");
  const made = Object.keys(filesOf(namesOf("purge-drafts"), 60));
  const edited = changed().filter(({ isNew, path }) => !isNew && product.test(path));
  expect(edited.map(({ path }) => path)).toEqual(["infra/added-functions.ts"]);
  expect(changed().flatMap(({ isNew, path }) => (isNew ? [path] : []))).toEqual(made.sort());

  const files = [...made, "infra/added-functions.ts"];
  await node("node_modules/.bin/biome", "check", "--error-on-warnings", ...files);
  const { include: _, ...tsconfig } = JSON.parse(readFileSync(join(copy, "tsconfig.json"), "utf8"));
  writeFileSync(
    join(copy, "tsconfig.new.json"),
    JSON.stringify({ ...tsconfig, files: [...files, "infra/index.ts"] }),
  );
  await node("node_modules/typescript-native/bin/tsc", "--noEmit", "-p", "tsconfig.new.json");

  const jest = (...args: string[]) => node("node_modules/.bin/jest", "--maxWorkers=1", ...args);
  const own = await jest("test/infra/purge-drafts", "test/unit/purge-drafts");
  expect(own.stderr).toMatch(/Tests: +5 passed, 5 total/);
  // As CONTRIBUTING says: the listing of a stack's resources is accepted by hand.
  const updated = { ...process.env, UPDATE_FIXTURES: "1" };
  await promisify(execFile)(
    nodeBinary,
    ["node_modules/.bin/jest", "test/infra/resources", "-t", "consists"],
    {
      cwd: copy,
      env: updated,
    },
  );
  const dev = readFileSync(join(copy, "test/infra/fixtures/dev-resources.txt"), "utf8");
  expect(dev).toContain("aws:lambda:Function::vectorkeep-dev-purge-drafts\n");
  // The figures of the product's pages stay as they are, and the function is on the dashboard.
  await jest(
    ...["cost", "dashboard", "log-level"].map((name) => `test/infra/${name}`),
    "-t",
    "idle dev stack|every flow|level of every function",
  );
});

test("a name that is taken or not in lower case with dashes is refused with the usage, and nothing is made", async () => {
  const before = changed();
  for (const name of ["embed", "PurgeDrafts", "a--b"]) {
    await expect(node("tools/new-function/new-function.ts", name)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm run new:function -- NAME"),
    });
  }
  expect(changed()).toEqual(before);
});

test("every file of the recipe is in a folder that the layers know", () => {
  const folders = Object.keys(filesOf(namesOf("purge-drafts"), undefined)).map(
    (path) => dirname(path).split("/")[0],
  );
  expect(new Set(folders)).toEqual(new Set(["core", "functions", "infra", "test"]));
});
