/** What a new function is called in each place. */
export interface Names {
  /** `purge-drafts`: the folder, the service of its log lines, the resource. */
  readonly kebab: string;
  /** `purgeDrafts` */
  readonly camel: string;
  /** `PurgeDrafts` */
  readonly pascal: string;
}

export function namesOf(kebab: string): Names {
  const pascal = kebab
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  return { kebab, camel: pascal.charAt(0).toLowerCase() + pascal.slice(1), pascal };
}

/** The files of a new function, by path. `everyMinutes` is undefined for one that is invoked on demand. */
export function filesOf(names: Names, everyMinutes: number | undefined): Record<string, string> {
  const { kebab } = names;
  return {
    [`core/${kebab}/${kebab}.ts`]: rule(names),
    [`functions/${kebab}/config.ts`]: config(names),
    [`functions/${kebab}/deps.ts`]: deps(names),
    [`functions/${kebab}/handler.ts`]: handler(names),
    [`infra/components/${kebab}.ts`]: component(names, everyMinutes),
    [`test/unit/${kebab}/${kebab}.test.ts`]: unitTest(names),
    [`test/infra/${kebab}.test.ts`]: infraTest(names, everyMinutes),
  };
}

/** infra/added-functions.ts with an entry for the function. */
export function withEntry(source: string, { kebab, camel }: Names): string {
  const key = /^[a-z]+$/.test(kebab) ? kebab : `"${kebab}"`;
  const entry = key === camel ? camel : `${key}: ${camel}`;
  return source
    .replace(
      'import type { BundledFunction } from "./components/bundled-function.ts";\n',
      (line) => `${line}import { ${camel} } from "./components/${kebab}.ts";\n`,
    )
    .replace(/(addedFunctions: [^=]+= \{)(\n)?/, (_, start: string) => `${start}\n  ${entry},\n`);
}

const rule = ({ camel, pascal }: Names) => `import type { Log } from "../log.ts";

export interface ${pascal}Deps {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** Says here what it does, in one sentence. Idempotent. Begins nothing after \`until\` (epoch milliseconds). */
export async function ${camel}({ now, log }: ${pascal}Deps, until: number): Promise<void> {
  if (now() >= until) return;
  log.info("${pascal} done", {});
}
`;

const config = ({ camel, pascal }: Names) => `import * as z from "zod";

/** The environment that infra declares for the function. */
export const ${camel}Config = z.object({
  AWS_REGION: z.string().min(1),
});

export type ${pascal}Config = z.infer<typeof ${camel}Config>;
`;

const deps = ({
  kebab,
  camel,
  pascal,
}: Names) => `import type { ${pascal}Deps } from "../../core/${kebab}/${kebab}.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { ${pascal}Config } from "./config.ts";

/** The dependencies of an invocation. */
export function ${camel}Deps(_config: ${pascal}Config, { log }: Telemetry): ${pascal}Deps {
  return { now: Date.now, log };
}
`;

const handler = ({ kebab, camel }: Names) => `import { ${camel} } from "../../core/${kebab}/${kebab}.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { ${camel}Config } from "./config.ts";
import { ${camel}Deps } from "./deps.ts";

export const handler = defineFunction({
  name: "${kebab}",
  config: ${camel}Config,
  deps: ${camel}Deps,
  reserveMs: 5_000,
  handle: (_event: unknown, deps, { giveUpAt }) => ${camel}(deps, giveUpAt),
});
`;

function component({ camel, kebab }: Names, everyMinutes: number | undefined): string {
  const isScheduled = everyMinutes !== undefined;
  const declared = `new BundledFunction(name, {
    ...defaults,
    description: "Says here what it does",
    code,
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: environmentOf<typeof ${camel}Config>({}),
    statements: [],
  })`;
  const body = isScheduled
    ? `  const made = ${declared};
  scheduled(name, made, { description: "Starts it", everyMinutes: ${everyMinutes} }, { parent: made });
  return made;`
    : `  return ${declared};`;
  return `import type { ${camel}Config } from "../../functions/${kebab}/config.ts";
import type { AddedFunctionArgs } from "./added-function.ts";
import { BundledFunction } from "./bundled-function.ts";
import { environmentOf } from "./environment.ts";
${isScheduled ? 'import { scheduled } from "./scheduled.ts";\n' : ""}
/** The function of functions/, ${isScheduled ? `invoked every ${everyMinutes} minutes` : "invoked on demand"}. */
export function ${camel}(name: string, { code, defaults }: AddedFunctionArgs): BundledFunction {
${body}
}
`;
}

const unitTest = ({ kebab, camel }: Names) => `import { ${camel} } from "../../../core/${kebab}/${kebab}.ts";
import type { Log } from "../../../core/log.ts";

test("nothing is begun after the deadline", async () => {
  const said: string[] = [];
  const log = { info: (message: string) => said.push(message) } as unknown as Log;
  await ${camel}({ now: () => 1_000, log }, 1_000);
  expect(said).toEqual([]);
  await ${camel}({ now: () => 999, log }, 1_000);
  expect(said).toHaveLength(1);
});
`;

const infraTest = (
  { kebab }: Names,
  everyMinutes: number | undefined,
) => `import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundleFunction, place } from "../../infra/bundles/bundle.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("dev");
});

test("${kebab} may do this and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-${kebab}")).toEqual([
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-${kebab}:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-${kebab}:*",
  ]);
});

test("${kebab} is watched, and in the outputs of the stack", () => {
  const alarms = [...ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm").keys()];
  expect(alarms.filter((name) => name.startsWith("vectorkeep-dev-${kebab}-")).sort()).toEqual([
    "vectorkeep-dev-${kebab}-duration",
    "vectorkeep-dev-${kebab}-errors",
    "vectorkeep-dev-${kebab}-throttles",
  ]);
  expect(stack.outputs.added).toMatchObject({ "${kebab}": { function: "vectorkeep-dev-${kebab}" } });
});
${
  everyMinutes === undefined
    ? ""
    : `
test("${kebab} is invoked every ${everyMinutes} minutes", () => {
  expect(ofType(stack, "aws:scheduler/schedule:Schedule").get("vectorkeep-dev-${kebab}")).toMatchObject({
    scheduleExpression: "rate(${everyMinutes} ${everyMinutes === 1 ? "minute" : "minutes"})",
  });
});
`
}
test("${kebab} starts from its bundle with the environment that the stack gives it", async () => {
  const { environment } = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-${kebab}") ?? {};
  const { variables } = environment as { variables: Record<string, string> };
  const folder = await mkdtemp(join(tmpdir(), "${kebab}-"));
  try {
    const placed = await place(await bundleFunction("${kebab}", {}), join(folder, "code"));
    const script = "import(process.argv[1]).then(({ handler }) => console.log(typeof handler))";
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script, join(placed, "index.mjs")], {
      env: { ...variables, AWS_REGION: "us-east-1" },
    });
    expect(stdout.trim()).toBe("function");
  } finally {
    await rm(folder, { recursive: true });
  }
});
`;
