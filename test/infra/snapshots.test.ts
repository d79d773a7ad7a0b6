import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { alarmMetrics } from "./support/prices.ts";
import { deployStack } from "./support/stacks.ts";

let off: Deployment;
let on: Deployment;

beforeAll(async () => {
  off = await deployStack("dev");
  on = await deployStack("dev", { config: { "snapshots:everyMinutes": "1440", "snapshots:kept": "5" } });
});

const alarmsOf = (stack: Deployment) =>
  [...ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm")]
    .filter(([name]) => name.includes("snapshot"))
    .sort(([one], [other]) => (one < other ? -1 : 1));

test("export-snapshot reads what is published, writes snapshots, and may do nothing else", () => {
  const allowed = permissionsOf(off, "vectorkeep-dev-export-snapshot").map((one) =>
    one.replaceAll("vectorkeep-dev-", ""),
  );
  expect(allowed.filter((one) => !/^(Deny )?(logs|ec2):/.test(one))).toMatchInlineSnapshot(`
[
  "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike COLLECTION#*",
  "elasticfilesystem:ClientMount arn:efs:collections",
  "s3:AbortMultipartUpload arn:s3:snapshots/lines/*",
  "s3:AbortMultipartUpload arn:s3:snapshots/words/*",
  "s3:DeleteObject arn:s3:snapshots/lines/*",
  "s3:DeleteObject arn:s3:snapshots/words/*",
  "s3:GetObject arn:s3:deltas/deltas/*",
  "s3:GetObject arn:s3:snapshots/lines/*",
  "s3:GetObject arn:s3:snapshots/words/*",
  "s3:ListBucket arn:s3:deltas",
  "s3:ListBucket arn:s3:snapshots",
  "s3:PutObject arn:s3:snapshots/lines/*",
  "s3:PutObject arn:s3:snapshots/words/*",
]
`);
});

test("it is there for operators without a schedule, and without an alarm", () => {
  expect([...ofType(off, "aws:scheduler/schedule:Schedule").keys()].join()).not.toContain("snapshot");
  expect(alarmsOf(off)).toEqual([]);
  expect(off.outputs).toMatchObject({
    snapshotsBucket: "vectorkeep-dev-snapshots",
    functions: { exportSnapshot: "vectorkeep-dev-export-snapshot" },
  });
});

test("with snapshots:everyMinutes a schedule starts an export of each collection", () => {
  const schedules = ofType(on, "aws:scheduler/schedule:Schedule");
  for (const collection of ["lines", "words"]) {
    expect(schedules.get(`vectorkeep-dev-export-snapshot-${collection}`)).toMatchObject({
      scheduleExpression: "rate(1440 minutes)",
      target: { input: JSON.stringify({ collection }), retryPolicy: { maximumRetryAttempts: 0 } },
    });
  }
  const { environment } =
    ofType(on, "aws:lambda/function:Function").get("vectorkeep-dev-export-snapshot") ?? {};
  expect(environment).toMatchObject({ variables: { SNAPSHOTS_KEPT: "5", MEMORY_MIB: "3008" } });
});

test("an export that fails, or of which any collection has no schedule, raises an alarm, however seldom it runs", () => {
  expect(alarmsOf(on).map(([name]) => name.replace("vectorkeep-dev-", ""))).toEqual([
    "export-snapshot-errors",
    "snapshot-overdue-lines",
    "snapshot-overdue-words",
  ]);
  for (const collection of ["lines", "words"]) {
    const [, overdue] = alarmsOf(on).find(([name]) => name.endsWith(`overdue-${collection}`)) ?? [];
    expect(overdue).toMatchObject({
      metricName: "SnapshotSecondsBehind",
      dimensions: { service: "export-snapshot", collection },
      statistic: "Minimum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      period: 86_400,
      evaluationPeriods: 3,
      treatMissingData: "breaching",
    });
  }
});

test("docs/cost.md says how many alarms it adds", () => {
  const added = alarmMetrics(listing(on.resources)) - alarmMetrics(listing(off.resources));
  const page = readFileSync(join(import.meta.dirname, "../../docs/cost.md"), "utf8");
  expect(page).toContain(`| \`snapshots:everyMinutes\` | ${added} metrics of alarms × 0.10 `);
});
