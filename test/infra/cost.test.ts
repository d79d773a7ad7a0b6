import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { addedFunctions } from "../../infra/added-functions.ts";
import { watchEveryMinutes } from "../../infra/components/catch-up-watch.ts";
import { declared } from "../../infra/config.ts";
import { alarmMetrics, idleCosts, idlePrices, idleWatchCost, searchCost } from "./support/prices.ts";
import { stackFile } from "./support/stacks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/cost.md"), "utf8");
/** Without the functions that were added to the product: the page is about the product. */
const listing = readFileSync(join(root, "test/infra/fixtures/dev-resources.txt"), "utf8")
  .trim()
  .split("\n")
  .filter((resource) => !Object.keys(addedFunctions).some((name) => resource.includes(`-${name}`)));

/** Types that cost nothing by themselves while nothing happens; what they hold and do is in the table of usage. */
const free =
  /^aws:(apigateway:\w+|cloudwatch:LogGroup|dynamodb:Table|ec2:(RouteTable|RouteTableAssociation|SecurityGroup|Subnet|Vpc|VpcEndpoint)|efs:\w+|iam:\w+|lambda:\w+|s3:\w+|scheduler:Schedule|secretsmanager:SecretVersion|sns:\w+|sqs:\w+|vpc:\w+)::/;
const priced = /^aws:(cloudwatch:(Dashboard|MetricAlarm)|kms:Key|secretsmanager:Secret)::/;

const costs = idleCosts({
  listing,
  endpointZones: Number(stackFile("dev")["network:endpointZones"]),
  sweeperMetrics: metricsOfIdleSweep().size,
  sweepsPerHour: 60 / Number(declared.sweep.everyMinutes.shownDefault),
});
const sum = Object.values(costs).reduce((one, other) => one + other, 0);
/** Of the page, cell by cell. */
const tableRows = [...page.matchAll(/^\| (.+) \|$/gm)].map(([, row = ""]) => row.split(" | "));

test("the dev stack costs less than 20 USD a month while it does nothing", () => {
  expect(sum).toBeLessThan(20);
});

test("docs/cost.md says for each part of the idle dev stack what its resources cost, and their sum", () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| [^|]* \| ([\d.]+) \|$/gm)];
  const said = Object.fromEntries(rows.map(([, part = "", usd]) => [part.trim(), usd]));
  const computed = { ...costs, "**Sum**": sum };
  expect(said).toEqual(
    Object.fromEntries(Object.entries(computed).map(([part, usd]) => [part, usd.toFixed(2)])),
  );
  expect(page).toContain(`metrics that alarms read (${alarmMetrics(listing)})`);
  for (const [, part = "", formula = "", usd] of page.matchAll(
    /^\| ([^|*]+) \| ([^|]*\d[^|]*) \| (\d+\.\d\d) \|$/gm,
  )) {
    expect([part, worthOf(formula.split(";")[0] ?? "").toFixed(2)]).toEqual([part, usd]);
  }
});

test("the components of the idle dev stack cost together what its parts do, and have its alarms", () => {
  const rows = tableRows.filter(([, idle = ""]) => /^[\d.]+ per month$/.test(idle));
  const together = rows.reduce((total, [, usd = ""]) => total + Number.parseFloat(usd), 0);
  // Polling is rounded for each kind of queue.
  expect(Math.abs(together - sum)).toBeLessThan(0.02);
  const alarms = rows.flatMap(([, , formula = ""]) => Number(/(\d+) alarms/.exec(formula)?.[1] ?? 0));
  expect(alarms.reduce((one, other) => one + other, 0)).toBe(alarmMetrics(listing));
  for (const [component, usd = "", formula = ""] of rows) {
    const own = formula.split(";")[0] ?? "";
    expect([component, worthOf(own).toFixed(2)]).toEqual([component, usd.replace(" per month", "")]);
  }
});

test("every formula of docs/cost.md gives the figure beside it", () => {
  const inTables = tableRows.flatMap(([, formula = "", said = ""]) =>
    /^[\d.]+ per (?:million (?:lines|searches|rows of catch-up|rows)|day|month at most)$/.test(said)
      ? [[formula.split(/: |, as|, see/).find((part) => /\d [×+/]/.test(part)) ?? formula, said] as const]
      : [],
  );
  const inText = [...page.matchAll(/([^|;:]*[×+/][^|;:]*?) = (\d+(?:\.\d+)?)(?=[\s;,.])/g)].map(
    ([, formula = "", said = ""]) => [formula, said] as const,
  );
  expect(inTables.length).toBeGreaterThan(12);
  expect(inText.length).toBeGreaterThan(5);
  for (const [formula, said] of [...inTables, ...inText]) {
    const figure = said.split(" ")[0] ?? "";
    const digits = figure.split(".")[1]?.length ?? 0;
    expect([formula, worthOf(formula).toFixed(digits)]).toEqual([formula, figure]);
  }
});

test("what a million lines cost once and per month is the sum of its parts", () => {
  const parts = [
    ...page.matchAll(
      /^\| [^|]+, (once|per month) \| [^|]+ \| ([\d.]+)(?: to ([\d.]+))? per million lines \|$/gm,
    ),
  ];
  for (const when of ["once", "per month"]) {
    const own = parts.filter(([, part]) => part === when);
    const least = own.reduce((total, [, , usd]) => total + Number(usd), 0);
    const most = own.reduce((total, [, , usd, atMost]) => total + Number(atMost ?? usd), 0);
    expect(own.length).toBeGreaterThan(2);
    expect(page).toContain(
      `| **Sum**, ${when} | of the rows above | ${least.toFixed(2)} to ${most.toFixed(2)} |`,
    );
  }
});

test("docs/cost.md says what a search by functions costs, and from how many on the query server is cheaper", () => {
  const usd = searchCost(Number(declared.query.lambdaMemoryMiB.shownDefault));
  expect(page).toContain(`A search by functions costs ${(1000 * usd).toFixed(3)} per thousand`);
  const perMonth = Number(/load balancer 16\.43 = (\d+)/.exec(page)?.[1]);
  const perDay = Math.round(perMonth / (730 / 24) / usd / 1e4) * 1e4;
  expect(page).toContain(
    `From some ${perDay.toLocaleString("en-US")} searches per day, \`query:host ecs\` is cheaper`,
  );
});

test("every type of resource of the dev stack is in the table or known to cost nothing while idle", () => {
  const unknown = listing.filter((line) => !free.test(line) && !priced.test(line));
  expect(unknown).toEqual([]);
  expect(listing.filter((line) => line.startsWith("aws:ec2:VpcEndpoint::"))).toHaveLength(3);
});

test("docs/cost.md says what the idle catch-up system adds: its resources and its watch", () => {
  const own = readFileSync(join(root, "test/infra/fixtures/catch-up-resources.txt"), "utf8")
    .trim()
    .split("\n");
  const count = (type: string) => own.filter((line) => line.startsWith(`${type}::`)).length;
  const [secrets, alarms] = [count("aws:secretsmanager:Secret"), alarmMetrics(own)];
  const watch = idleWatchCost(60 / watchEveryMinutes);
  const total = secrets * idlePrices.secret + alarms * idlePrices.alarm + watch;
  expect(page).toContain(
    `${secrets} secrets × 0.40 + ${alarms} metrics of alarms × 0.10 + the watch ${watch.toFixed(2)} = ${total.toFixed(2)};`,
  );
});

/** What a formula of the page is worth: its numbers, signs and units; its words say what they are. */
function worthOf(formula: string): number {
  const units = {
    "×": "*",
    M: "*1e6",
    million: "*1e6",
    kB: "*1e3",
    "per million": "/1e6",
    "per thousand": "/1e3",
    "per GB": "/1e9",
  };
  const bare = formula.replaceAll(/`[^`]*`|\(`[^`]*`\)/g, "").replaceAll(/\([^()]*[a-z]{4}[^()]*GiB\)/g, "");
  const tokens =
    bare.match(/\d[\d,]*(?:\.\d+)?|[()×+/]|per (?:million|thousand|GB)\b|\b(?:M|kB|million)\b/g) ?? [];
  const expression = tokens
    .map((token) => units[token as keyof typeof units] ?? token.replaceAll(",", ""))
    .join("");
  return Number(runInNewContext(expression.replaceAll("()", "")));
}

/** CloudWatch bills each metric that is written; a sweep of nothing writes those of the file system alone. */
function metricsOfIdleSweep(): Set<string> {
  const source = readFileSync(join(root, "core/sweep/gauge-file-system.ts"), "utf8");
  return new Set([...source.matchAll(/metrics\.gauge\("(\w+)"/g)].map(([, name = ""]) => name));
}
