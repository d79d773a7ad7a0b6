import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pure-units-"));
  mkdirSync(join(folder, "test/unit"), { recursive: true });
  const rules = { rootDir: folder, setupFilesAfterEnv: [join(root, "test/pure-units.ts")] };
  const transform = { "^.+\\.ts$": join(root, "node_modules/@swc/jest") };
  writeFileSync(
    join(folder, "jest.json"),
    JSON.stringify({ ...rules, transform, testMatch: ["**/*.test.ts"] }),
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

const run = (source: string) => {
  writeFileSync(join(folder, "test/unit/some.test.ts"), source);
  return promisify(execFile)(process.execPath, [
    join(root, "node_modules/jest/bin/jest.js"),
    ...["--config", join(folder, "jest.json"), "--rootDir", folder],
  ]);
};

test.each([
  ["listens", `require("node:http").createServer().listen(0);`],
  ["starts a process", `require("node:child_process").spawn("true");`],
])("a unit test that %s fails, and is told where it belongs", async (_, code) => {
  await expect(run(`test("x", () => { ${code} });`)).rejects.toMatchObject({
    stderr: expect.stringContaining("move it to test/integration"),
  });
});

test("a unit test that computes passes, and this one may start processes", async () => {
  expect(execFileSync("echo", ["here"], { encoding: "utf8" })).toBe("here\n");
  await expect(run(`test("x", () => expect(1).toBe(1));`)).resolves.toMatchObject({
    stderr: expect.stringContaining("1 passed"),
  });
});
