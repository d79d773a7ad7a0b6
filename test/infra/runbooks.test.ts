import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { metricsOf } from "../../contract/metrics.ts";
import { declared } from "../../infra/config.ts";
import { deployBulk, imageSecrets } from "./support/bulk-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/runbooks");
const pages = new Map(
  readdirSync(folder).map((file) => [file.replace(/\.md$/, ""), readFileSync(join(folder, file), "utf8")]),
);
/** Those that an alarm leads to. */
const runbooks = [...pages].filter(([name]) => name !== "README");

/** What runs, without the list of what it may write. */
const sources = ["core", "functions", "containers"].flatMap((part) =>
  readdirSync(join(root, part), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && join(part, file) !== "core/metrics.ts")
    .map((file) => readFileSync(join(root, part, file), "utf8")),
);

interface WatchedMetric {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Record<string, string>;
}

/** Of one metric, or of an expression over some. */
type Alarm = { readonly alarmDescription: string } & (
  | WatchedMetric
  | { readonly metricQueries: readonly { readonly metric?: WatchedMetric }[] }
);

let stack: Deployment;
let alarms: [name: string, alarm: Alarm][];

beforeAll(async () => {
  stack = await deployBulk(
    {
      "compaction:host": "ecs",
      "images:enabled": "true",
      "images:users": '["demo"]',
      "merchants:enabled": "true",
      "snapshots:everyMinutes": "60",
      "collections:mirror": "s3vectors",
      "embedding:writeStatus": "true",
      // Any address on this machine lets the query server answer beside it.
      "merchants:placesBaseUrl": "http://127.0.0.1:9",
    },
    { stack: "prod", secrets: { ...imageSecrets, "merchants:placesApiKey": "places-key-known-only-here" } },
  );
  alarms = [...ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm")] as unknown as typeof alarms;
});

function runbookOf({ alarmDescription }: Alarm): string {
  return (
    /Runbook: docs\/runbooks\/([\w-]+)\.md$/.exec(alarmDescription)?.[1] ?? `none in: ${alarmDescription}`
  );
}

function metricsWatchedBy(alarm: Alarm): WatchedMetric[] {
  if (!("metricQueries" in alarm)) return [alarm];
  return alarm.metricQueries.flatMap(({ metric }) => metric ?? []);
}

test("every alarm leads to a runbook, and every runbook has an alarm that does", () => {
  const named = new Set(alarms.map(([, alarm]) => runbookOf(alarm)));
  expect([...named].sort()).toEqual(runbooks.map(([name]) => name).sort());
});

test("the table of all runbooks leads from each alarm to its page", () => {
  const rows = [...(pages.get("README") ?? "").matchAll(/^\| (`.+`) \| \[([\w-]+)\]\(\2\.md\) \|$/gm)];
  const leads = rows.flatMap(([, names = "", page = ""]) =>
    names
      .split(", ")
      .map((name) => [new RegExp(`^vectorkeep-prod-${name.slice(1, -1).replace("*", ".*")}$`), page]),
  ) as [RegExp, string][];
  for (const [name, alarm] of alarms) {
    const leading = leads.filter(([pattern]) => pattern.test(name)).map(([, page]) => page);
    expect([name, ...leading]).toEqual([name, runbookOf(alarm)]);
  }
});

test("every metric of the product's own that an alarm watches is written under that name", () => {
  const own = alarms
    .flatMap(([, alarm]) => metricsWatchedBy(alarm))
    .filter(({ namespace }) => !namespace.startsWith("AWS/"));
  expect(own.length).toBeGreaterThan(5);
  for (const { namespace, metricName, dimensions } of own) {
    expect(namespace).toBe("vectorkeep-prod");
    const written: readonly string[] = metricsOf[dimensions.service as keyof typeof metricsOf] ?? [];
    expect(written).toContain(metricName);
  }
});

test("every metric that is named is written somewhere, by a service that names itself so", () => {
  const unwritten = Object.entries(metricsOf).flatMap(([service, names]) => [
    ...names.filter(
      (name) =>
        !sources.some((text) => new RegExp(`count\\("${name}"|gauge\\("${name}"|\\b${name}:`).test(text)),
    ),
    ...(sources.some((text) =>
      new RegExp(`etrics(LoggedAtOnce)?\\("${service}"|^  metrics: "${service}",$`, "m").test(text),
    )
      ? []
      : [service]),
  ]);
  expect(unwritten).toEqual([]);
});

describe.each(runbooks)("the runbook %s", (_, text) => {
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block = ""]) => block.replaceAll(/\\\n\s*/g, "").split("\n"))
    .filter((line) => line !== "");

  test("says what it means, what users notice, where to look, how to fix it and what to check afterwards", () => {
    const parts = ["# ", "**Means.**", "**Users notice**", "## Look", "## Fix", "## Afterwards"];
    const found = parts.map((part) => text.indexOf(`${part}`));
    expect(found).toEqual([...found].sort((one, other) => one - other));
    expect(found).not.toContain(-1);
    expect(text).toContain("## Look\n\n[Set `STACK` and `out` first](README.md).\n");
    expect(commands.length).toBeGreaterThan(1);
    expect(text.split("\n").length).toBeLessThan(60);
  });

  test("has commands that exist, of npm or of AWS on an output of the stack", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const known = new Set(Object.keys(scripts));
    for (const command of commands) {
      const script = /^npm run ([\w:]+) -- .+$/.exec(command)?.[1];
      const outputs = [...command.matchAll(/\$\(out ([\w.[\]]+)\)/g)].map(([, path = ""]) => path);
      const isAws = /^aws [a-z0-9]+ [a-z-]+ /.test(command) && outputs.length > 0;
      expect([command, isAws || (script !== undefined && known.has(script))]).toEqual([command, true]);
      for (const path of outputs) expect([path, typeof outputAt(path)]).toEqual([path, "string"]);
    }
  });

  test("names the stack in every command of the project's own, since without it the local stack is repaired", () => {
    const instructions = text.slice(text.indexOf("## Look"));
    const own = [...instructions.matchAll(/npm run [^`\n]+/g)].map(([command]) => command);
    expect(own.filter((command) => !command.includes('--stack "$STACK"'))).toEqual([]);
  });

  test("looks in the logs for what the product says, or Lambda", () => {
    const lambdaSays = ["REPORT RequestId", "Runtime exited", "Task timed out"];
    const phrases = commands.flatMap((command) =>
      [...(/--filter-pattern '(.+)'$/.exec(command)?.[1] ?? "").matchAll(/"(.+?)"/g)].map(
        ([, phrase = ""]) => phrase,
      ),
    );
    const unsaid = phrases.filter(
      (phrase) => !lambdaSays.includes(phrase) && !sources.some((code) => code.includes(phrase)),
    );
    expect(unsaid).toEqual([]);
  });

  test("names settings and pages that exist", () => {
    const sections: Record<string, object> = declared;
    for (const [, section = "", key = ""] of text.matchAll(/`(\w+):(\w+)`/g)) {
      expect(Object.keys(sections[section] ?? {})).toContain(key);
    }
    for (const [, page = ""] of text.matchAll(/\]\(([\w-]+)\.md\)/g))
      expect([...pages.keys()]).toContain(page);
  });
});

/** As jq finds it: `logGroups.embed`, `linesQueueUrls[0]`. */
function outputAt(path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== "")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], stack.outputs);
}
