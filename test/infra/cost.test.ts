import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { watchEveryMinutes } from "../../infra/components/catch-up-watch.ts";
import { declared } from "../../infra/config.ts";
import { idleCosts, idlePrices, idleWatchCost } from "./support/prices.ts";
import { stackFile } from "./support/stacks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/cost.md"), "utf8");
const listing = readFileSync(join(root, "test/infra/fixtures/dev-resources.txt"), "utf8").trim().split("\n");

/** Types that cost nothing by themselves while nothing happens; what they hold and do is in the table of usage. */
const free =
  /^aws:(apigateway:\w+|cloudwatch:LogGroup|dynamodb:Table|ec2:(RouteTable|RouteTableAssociation|SecurityGroup|Subnet|Vpc|VpcEndpoint)|efs:\w+|iam:\w+|lambda:\w+|s3:\w+|scheduler:Schedule|secretsmanager:SecretVersion|sns:\w+|sqs:\w+|vpc:\w+)::/;
const priced = /^aws:(cloudwatch:(Dashboard|MetricAlarm)|kms:Key|secretsmanager:Secret)::/;

const costs = idleCosts({
  listing,
  endpointZones: Number(stackFile("dev")["network:endpointZones"]),
  sweeperMetrics: sweeperMetrics().size,
  sweepsPerHour: 60 / Number(declared.sweep.everyMinutes.shownDefault),
});
const sum = Object.values(costs).reduce((one, other) => one + other, 0);

test("the dev stack costs less than 22 USD a month while it does nothing", () => {
  expect(sum).toBeLessThan(22);
});

test("docs/cost.md says for each part of the idle dev stack what its resources cost, and their sum, to the dollar", () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| [^|]* \| ([\d.]+) \|$/gm)];
  const said = new Map(rows.map(([, part = "", usd]) => [part.trim(), Number(usd)]));
  const computed = { ...costs, "**Sum**": sum };
  expect([...said.keys()]).toEqual(Object.keys(computed));
  for (const [part, usd] of Object.entries(computed))
    expect(Math.abs(usd - (said.get(part) ?? 0))).toBeLessThan(1);
});

test("the components of the idle dev stack cost together what its parts do", () => {
  const rows = [...page.matchAll(/^\| [^|]+ \| ([\d.]+) per month \| [^|]+ \| [^|]+ \|$/gm)];
  expect(rows.length).toBeGreaterThan(4);
  const together = rows.reduce((total, [, usd]) => total + Number(usd), 0);
  expect(Math.abs(together - sum)).toBeLessThan(1);
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
  const [secrets, alarms] = [count("aws:secretsmanager:Secret"), count("aws:cloudwatch:MetricAlarm")];
  const watch = idleWatchCost(60 / watchEveryMinutes);
  const total = secrets * idlePrices.secret + alarms * idlePrices.alarm + watch;
  expect(page).toContain(
    `${secrets} secrets × 0.40 + ${alarms} alarms × 0.10 + the watch ${watch.toFixed(2)} (43,800 × a tenth of a second of a quarter GiB) = ${total.toFixed(2)};`,
  );
});

/** CloudWatch bills each metric that is written, and an idle stack's are those of every sweep. */
function sweeperMetrics(): Set<string> {
  const folder = join(root, "core/sweep");
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/metrics\.(?:gauge|count)\("(\w+)"/g)].map(([, name = ""]) => name),
    ),
  );
}
