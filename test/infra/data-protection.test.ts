import { nightly } from "../faults/nightly.ts";
import { catchUpConfig, catchUpSecrets } from "./support/catch-up-stack.ts";
import { listing } from "./support/deploy.ts";
import { type Registered, runByPulumi } from "./support/engine.ts";
import { secrets, stackFile } from "./support/stacks.ts";

// Pulumi's own runner starts a process that bundles the functions.
jest.setTimeout(120_000);

const found = {
  "aws:ecs/getClusters:getClusters": { clusterArns: [] },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "000000000000" },
  "aws:index/getPartition:getPartition": { partition: "aws" },
  "aws:index/getRegion:getRegion": { region: "us-east-1" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { zoneIds: ["use1-az1", "use1-az2"] },
};

test("F45: the engine refuses to delete or replace whatever holds data in prod, and nothing else", async () => {
  const registered = await declaredBy("prod");
  const dataTypes = /^aws:(dynamodb:Table|efs:FileSystem|s3:Bucket|secretsmanager:Secret|sqs:Queue)::/;
  const holdingData = listing(registered).filter((one) => dataTypes.test(one));
  expect(listing(registered.filter(({ protect }) => protect))).toEqual(holdingData);
  const stem = "vectorkeep-prod";
  expect(holdingData).toEqual(
    expect.arrayContaining([
      `aws:dynamodb:Table::${stem}-catch-up-tasks`,
      `aws:dynamodb:Table::${stem}-control`,
      `aws:dynamodb:Table::${stem}-receipts`,
      `aws:efs:FileSystem::${stem}-collections`,
      `aws:s3:Bucket::${stem}-artifacts`,
      `aws:s3:Bucket::${stem}-catch-up-source`,
      `aws:s3:Bucket::${stem}-deltas`,
      `aws:s3:Bucket::${stem}-snapshots`,
      `aws:secretsmanager:Secret::${stem}-catch-up-api-key`,
      `aws:secretsmanager:Secret::${stem}-embedding-api-key`,
      `aws:sqs:Queue::${stem}-embed-ndjson`,
      `aws:sqs:Queue::${stem}-lines`,
      `aws:sqs:Queue::${stem}-lines-dead-letters`,
      `aws:sqs:Queue::${stem}-words`,
    ]),
  );
});

nightly("F45: a stack that does not keep its data can be thrown away whole", async () => {
  expect((await declaredBy("dev")).filter(({ protect }) => protect)).toEqual([]);
});

async function declaredBy(stack: string): Promise<readonly Registered[]> {
  const config = { ...stackFile(stack), ...catchUpConfig };
  const run = await runByPulumi(stack, config, { ...secrets, ...catchUpSecrets }, found);
  expect(run.messages).toEqual([]);
  return run.registered;
}
