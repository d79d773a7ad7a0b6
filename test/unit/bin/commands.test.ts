import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../../bin/commands.ts";
import { helpText, nearestCommand } from "../../../bin/help.ts";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const { scripts, bin } = JSON.parse(read("package.json"));

test("every program of cli/ is a command", () => {
  const programs = readdirSync(join(root, "cli"))
    .filter((file) => file.endsWith(".ts") && /^runCommand\(/m.test(read(join("cli", file))))
    .map((file) => `cli/${file}`);
  const modules = Object.values(commands).map(({ module }) => module);
  expect(programs.length).toBeGreaterThan(7);
  expect(programs.filter((file) => !modules.includes(file))).toEqual([]);
  expect(modules.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test.each(Object.entries(commands))(
  "%s is an npm script of the same module too",
  (name, { module, script }) => {
    expect(scripts[script ?? name]).toBe(`node ${module}`);
  },
);

test("the help has a line for every command, and names what a mistyped one means", () => {
  const help = helpText();
  for (const [name, { says }] of Object.entries(commands)) {
    expect(help).toMatch(new RegExp(`^  ${name} +${says.replace(/[()]/g, "\\$&")}$`, "m"));
  }
  expect(nearestCommand("serach")).toBe("search");
  expect(nearestCommand("xyzzy")).toBeUndefined();
});

test("the package has the front door as its program", () => {
  expect(bin).toEqual({ vectorkeep: "bin/vectorkeep.mjs" });
  expect(existsSync(join(root, bin.vectorkeep))).toBe(true);
});
