import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { commands } from "../../bin/commands.ts";
import { findReceiptFolders } from "../../core/ingest/export-folder.ts";

const root = join(import.meta.dirname, "../..");
const text = (path: string) => readFileSync(join(root, path), "utf8");

interface Step {
  readonly if?: string;
  readonly run?: string;
}

interface Locked {
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optional?: boolean;
}

/** `npx vectorkeep` commands of the deployment, with the condition of their step. */
function smokeCommands() {
  const steps: Step[] = parse(text(".github/workflows/deploy.yml")).jobs.deploy.steps;
  return steps.flatMap(({ if: condition, run = "" }) =>
    [...run.matchAll(/^npx vectorkeep (\w+)(.*)$/gm)].map(([, command = "", more = ""]) => ({
      command,
      more: more.trim(),
      condition,
    })),
  );
}

test("the smoke test of a deployment runs commands that there are, on the stack that was deployed", () => {
  expect(smokeCommands().length).toBeGreaterThan(2);
  for (const { command, more } of smokeCommands()) {
    expect(Object.keys(commands)).toContain(command);
    expect(more).toMatch(/--stack "\$STACK"$/);
  }
});

test("it exports receipts that are in the repository", async () => {
  const exported = smokeCommands().filter(({ command }) => command === "export");
  expect(exported).toHaveLength(1);
  for (const { more } of exported) {
    const [folder = ""] = more.split(" ");
    expect((await findReceiptFolders(join(root, folder))).length).toBeGreaterThan(0);
  }
});

test("in prod it only reads: a sample would be data there", () => {
  const inProd = smokeCommands().filter(({ condition }) => condition !== "env.STACK == 'dev'");
  expect(inProd.map(({ command }) => command)).toEqual(["doctor", "verify"]);
  expect(inProd.map(({ more }) => more).join()).not.toMatch(/--(repair|rebuild|restore)/);
});

test("npm ci installs on every platform: a package for one alone is optional", () => {
  const { packages } = JSON.parse(text("package-lock.json")) as { packages: Record<string, Locked> };
  const required = Object.entries(packages).filter(
    ([, { os, cpu, optional }]) => (os !== undefined || cpu !== undefined) && !optional,
  );
  expect(required.map(([path]) => path)).toEqual([]);
});
