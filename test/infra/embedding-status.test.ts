import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { alarmMetrics } from "./support/prices.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const everything = {
  "embedding:writeStatus": "true",
  "merchants:enabled": "true",
  "query:enabled": "true",
  "query:host": "lambda",
  "stream:filterByType": "true",
};

function filtersOf(stack: Deployment): object[] {
  const { filterCriteria } = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping").get(
    "vectorkeep-dev-stream-processor",
  ) as { filterCriteria: { filters: { pattern: string }[] } };
  return filterCriteria.filters.map(({ pattern }) => JSON.parse(pattern).dynamodb);
}

test("write-embedding-status may do this and nothing else, and a mapping has no more filters than AWS allows", async () => {
  const stack = await deployStack("dev", { config: everything, secrets });
  const allowed = permissionsOf(stack, "vectorkeep-dev-write-embedding-status").filter(
    (one) => !one.startsWith("logs:"),
  );
  expect(allowed.map((one) => one.replaceAll("vectorkeep-dev-", ""))).toMatchInlineSnapshot(`
[
  "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike RECEIPT#*",
  "dynamodb:GetItem arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:Query arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "dynamodb:UpdateItem arn:dynamodb:receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
  "s3:GetObject arn:s3:deltas/deltas/*",
  "s3:ListBucket arn:s3:deltas",
  "sqs:ChangeMessageVisibility arn:sqs:write-embedding-status",
  "sqs:DeleteMessage arn:sqs:write-embedding-status",
  "sqs:GetQueueAttributes arn:sqs:write-embedding-status",
  "sqs:ReceiveMessage arn:sqs:write-embedding-status",
  "sqs:SendMessage arn:sqs:write-embedding-status",
  "sqs:SendMessage arn:sqs:write-embedding-status-dead-letters",
]
`);
  const filters = filtersOf(stack);
  expect(filters.length).toBeLessThanOrEqual(5);
  for (const state of ["lines_state", "words_state"]) {
    expect(filters).toContainEqual({
      Keys: expect.anything(),
      OldImage: { TYPE: { S: ["COMPACTION_RUN"] }, [state]: { S: [{ "anything-but": ["COMPLETED"] }] } },
      NewImage: { [state]: { S: ["COMPLETED", "FAILED"] } },
    });
  }
});

test("it is off by default, nothing of it is there, and docs/cost.md says how many alarms it adds", async () => {
  const without = await deployStack("dev");
  expect(without.outputs.embeddingStatus).toBeUndefined();
  expect(JSON.stringify(filtersOf(without))).not.toContain("words_state");
  const stack = await deployStack("dev", { config: { "embedding:writeStatus": "true" } });
  const added = alarmMetrics(listing(stack.resources)) - alarmMetrics(listing(without.resources));
  const page = readFileSync(join(import.meta.dirname, "../../docs/cost.md"), "utf8");
  expect(page).toMatch(
    new RegExp(`^\\| \`embedding:writeStatus\` \\| ${added} metrics of alarms × 0\\.10 `, "m"),
  );
});
