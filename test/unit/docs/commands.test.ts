import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commands } from "../../../bin/commands.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Pages, and the messages and remedies of the code. */
const texts = globSync(["*.md", "docs/**/*.md", "{bin,cli,contract,core,functions,infra,local}/**/*.ts"], {
  cwd: root,
});

/** The help of each command, with the files that it reads its arguments in. */
const helps = new Map(
  Object.entries(commands).flatMap(([name, { module, script }]) => {
    const own = globSync(join(dirname(module), name, "**/*.ts"), { cwd: root });
    const help = [module, ...own].map(read).join("\n");
    return [
      [name, help],
      [script ?? name, help],
    ];
  }),
);

interface Named {
  readonly path: string;
  readonly text: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** The uses of commands, up to the end of a line, of a code span or of a comment. */
const named: readonly Named[] = texts.flatMap((path) =>
  [...read(path).matchAll(/(?:npm run ([\w:]+) -- |npx vectorkeep ([\w:]+) )([^`\n#|]*)/g)].flatMap(
    ([text, script = "", command = "", rest = ""]) => {
      const name = script || command;
      return helps.has(name)
        ? [{ path, text, name, args: rest.replaceAll(/"[^"]*"/g, "").split(/\s+/) }]
        : [];
    },
  ),
);

test("every option that a page or a message names is in the help of its command", () => {
  expect(named.length).toBeGreaterThan(100);
  const unknown = named.flatMap(({ path, text, name, args }) =>
    args
      .flatMap((arg) => /^\[?(--[a-z][a-z-]+)/.exec(arg)?.[1] ?? [])
      .filter((option) => option !== "--help" && !new RegExp(`${option}\\b`).test(helps.get(name) ?? ""))
      .map((option) => `${path}: ${option} of ${text}`),
  );
  expect(unknown).toEqual([]);
});

test("every action that is named without dashes is one of the command's", () => {
  const withActions = ["bulk", "images", "catchup"];
  const unknown = named
    .filter(({ name }) => withActions.includes(name))
    .flatMap(({ path, text, name, args }) => {
      const action = /^[a-z][a-z-]+$/.exec(args[0] ?? "")?.[0];
      return action === undefined ||
        new RegExp(`vectorkeep ${name} (.+ )?${action}\\b`, "m").test(helps.get(name) ?? "")
        ? []
        : [`${path}: ${text}`];
    });
  expect(unknown).toEqual([]);
});
