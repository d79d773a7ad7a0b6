import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { alarmMetrics } from "./support/prices.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const key = "places-key-known-only-here";
let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("dev", {
    config: { "merchants:enabled": "true", "query:enabled": "true", "query:host": "lambda" },
    secrets: { ...secrets, "merchants:placesApiKey": key },
  });
});

const mappings = (deployment: Deployment) =>
  ofType(deployment, "aws:lambda/eventSourceMapping:EventSourceMapping");

test("resolve-merchant may do this and nothing else", () => {
  const allowed = permissionsOf(stack, "vectorkeep-dev-resolve-merchant").filter(
    (one) => !one.startsWith("logs:"),
  );
  expect(allowed.map((one) => one.replaceAll("vectorkeep-dev-", ""))).toMatchInlineSnapshot(`
[
  "dynamodb:ConditionCheckItem arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:DeleteItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#* or MERCHANT_PROPOSALS or PLACES#*",
  "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#* or MERCHANT_PROPOSALS or PLACES#*",
  "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike RECEIPT#*",
  "dynamodb:GetItem arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:PutItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#* or MERCHANT_PROPOSALS or PLACES#*",
  "dynamodb:PutItem arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:Query arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:UpdateItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#* or MERCHANT_PROPOSALS or PLACES#*",
  "s3:GetObject arn:s3:deltas/deltas/lines/*",
  "s3:ListBucket arn:s3:deltas",
  "secretsmanager:GetSecretValue arn:secretsmanager:resolve-merchant-places-api-key",
  "secretsmanager:GetSecretValue arn:secretsmanager:search-api-key",
  "sqs:ChangeMessageVisibility arn:sqs:resolve-merchant",
  "sqs:DeleteMessage arn:sqs:resolve-merchant",
  "sqs:GetQueueAttributes arn:sqs:resolve-merchant",
  "sqs:ReceiveMessage arn:sqs:resolve-merchant",
  "sqs:SendMessage arn:sqs:resolve-merchant",
  "sqs:SendMessage arn:sqs:resolve-merchant-dead-letters",
]
`);
});

test("a run that is published in lines invokes the stream processor, once", () => {
  const { filterCriteria } = mappings(stack).get("vectorkeep-dev-stream-processor") as {
    filterCriteria: { filters: { pattern: string }[] };
  };
  expect(filterCriteria.filters.map(({ pattern }) => JSON.parse(pattern).dynamodb)).toContainEqual({
    Keys: expect.anything(),
    OldImage: { TYPE: { S: ["COMPACTION_RUN"] }, lines_state: { S: [{ "anything-but": ["COMPLETED"] }] } },
    NewImage: { lines_state: { S: ["COMPLETED"] } },
  });
});

test("the key of Google Places is in Secrets Manager alone", () => {
  const { environment } =
    ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-resolve-merchant") ?? {};
  expect(JSON.stringify(environment)).not.toContain(key);
  expect(JSON.stringify(stack.outputs)).not.toContain(key);
});

test("it is off by default, and nothing of it is there", async () => {
  const without = await deployStack("dev");
  expect(without.outputs.merchants).toBeUndefined();
  const { filterCriteria } = mappings(without).get("vectorkeep-dev-stream-processor") as {
    filterCriteria: { filters: object[] };
  };
  expect(JSON.stringify(filterCriteria)).not.toContain("lines_state");
});

test("docs/cost.md says how many alarms it adds", async () => {
  const config = { "query:enabled": "true", "query:host": "lambda" };
  const without = await deployStack("dev", { config });
  const added = alarmMetrics(listing(stack.resources)) - alarmMetrics(listing(without.resources));
  const page = readFileSync(join(import.meta.dirname, "../../docs/cost.md"), "utf8");
  expect(page).toMatch(
    new RegExp(`^\\| \`merchants:enabled\` \\| secret 0\\.40 \\+ ${added} metrics of alarms × 0\\.10 `, "m"),
  );
});

test.each([
  [
    "nothing to ask",
    { "merchants:enabled": "true", "query:enabled": "false" },
    /merchants:enabled needs something to ask/,
  ],
  [
    "a search that listens inside the network",
    { "merchants:enabled": "true", "query:enabled": "true", "query:host": "ecs" },
    /merchants:enabled needs query:host lambda/,
  ],
  ["a key in the clear", { "merchants:placesBaseUrl": "http://places.example" }, /must be https/],
])("%s is refused", async (_, config, problem) => {
  await expect(deployStack("dev", { config })).rejects.toThrow(problem);
});
