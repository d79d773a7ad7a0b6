import { metricsOf } from "../../contract/metrics.ts";
import { addedFunctions } from "../../infra/added-functions.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

type Metric = [namespace: string, name: string, dimension: string, value: string, ...shown: object[]];

interface Widget {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: { readonly title: string; readonly metrics: Metric[]; readonly region: string };
}

let stack: Deployment;
let widgets: Widget[];

beforeAll(async () => {
  stack = await deployCatchUp();
  widgets = widgetsOf(stack);
});

function widgetsOf(deployment: Deployment): Widget[] {
  const [dashboard, ...others] = ofType(deployment, "aws:cloudwatch/dashboard:Dashboard").values();
  expect(others).toEqual([]);
  return JSON.parse(String(dashboard?.dashboardBody)).widgets;
}

function flowsOf(shown: Widget[]): string[] {
  return [...new Set(shown.map(({ properties: { title } }) => title.replace(/:.*/, "")))];
}

/** The physical names that a metric is shown of. */
function shown(namespace: string, metric: string): string[] {
  return widgets
    .flatMap(({ properties }) => properties.metrics)
    .filter(([from, name]) => from === namespace && name === metric)
    .map(([, , , value]) => value)
    .sort();
}

test("every flow has a row, catching up only where there is such a flow", async () => {
  const usual = ["Embedding", "Changes", "Compaction", "Upkeep", "Search"];
  const added = Object.keys(addedFunctions).length > 0 ? ["Added functions"] : [];
  expect(flowsOf(widgets)).toEqual([...usual, "Catching up", ...added]);
  expect(flowsOf(widgetsOf(await deployStack("dev")))).toEqual([...usual, ...added]);
});

test("graphs stand beside each other within the page's 24 columns, each with something to show", () => {
  const tops = [...new Set(widgets.map(({ y }) => y))];
  expect(tops).toEqual(tops.map((_, row) => row * (widgets[0]?.height ?? 0)));
  for (const top of tops) {
    const row = widgets.filter(({ y }) => y === top);
    const ends = row.map(({ x, width }) => x + width);
    expect(row.map(({ x }) => x)).toEqual([0, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBeLessThanOrEqual(24);
  }
  for (const { properties } of widgets) {
    expect(properties).toMatchObject({ region: "us-east-1" });
    expect(properties.metrics.length).toBeGreaterThan(0);
  }
});

test.each(["Invocations", "Duration", "Errors", "Throttles"])(
  "%s of every function are shown but of those that only commands call",
  (metric) => {
    const functions = [...ofType(stack, "aws:lambda/function:Function").keys()];
    expect(shown("AWS/Lambda", metric)).toEqual(
      functions.filter((name) => !/-(generations|export-snapshot)$/.test(name)).sort(),
    );
  },
);

test("what waits in every queue is shown, in dead letters too", () => {
  const queues = [...ofType(stack, "aws:sqs/queue:Queue")].map(([key, { name }]) => String(name ?? key));
  expect(shown("AWS/SQS", "ApproximateNumberOfMessagesVisible")).toEqual(queues.sort());
});

test("executions of the state machine are shown as they start, succeed and fail", () => {
  for (const metric of ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"]) {
    expect(shown("AWS/States", metric)).toEqual(["arn:aws:states:::stateMachine:vectorkeep-dev-catch-up"]);
  }
});

test("what the product counts is shown under the names that it writes", () => {
  const own = widgets
    .flatMap(({ properties }) => properties.metrics)
    .filter(([namespace]) => typeof namespace === "string" && !namespace.startsWith("AWS/"));
  expect(own.length).toBeGreaterThan(10);
  for (const [namespace, name, dimension, service] of own) {
    expect([namespace, dimension]).toEqual(["vectorkeep-dev", "service"]);
    const written: readonly string[] = metricsOf[service as keyof typeof metricsOf] ?? [];
    expect(written).toContain(name);
  }
});
