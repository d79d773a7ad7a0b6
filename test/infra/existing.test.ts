import { ofType, type Wanted } from "./support/deploy.ts";
import { existingVpc, vpcFound } from "./support/existing-vpc.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

const config = {
  "storage:receiptsTable": "ReceiptsTable",
  "storage:artifactsBucket": "scans",
  ...existingVpc,
};

const table = {
  name: "ReceiptsTable",
  arn: "arn:dynamodb:ReceiptsTable",
  hashKey: "PK",
  rangeKey: "SK",
  streamEnabled: true,
  streamViewType: "NEW_AND_OLD_IMAGES",
  streamArn: "arn:dynamodb:ReceiptsTable/stream/7",
};

const found: NonNullable<Wanted["found"]> = {
  "aws:dynamodb/getTable:getTable": () => table,
  "aws:s3/getBucket:getBucket": ({ bucket }) => ({ bucket, arn: `arn:s3:${bucket}` }),
  ...vpcFound,
};

test("an existing table, bucket and VPC are used, and none is created", async () => {
  const stack = await deployStack("dev", { config, found });
  expect([...ofType(stack, "aws:dynamodb/table:Table").keys()]).toEqual(["vectorkeep-dev-control"]);
  expect([...ofType(stack, "aws:s3/bucket:Bucket").keys()]).toEqual([
    "vectorkeep-dev-deltas",
    "vectorkeep-dev-snapshots",
  ]);
  for (const type of ["vpc:Vpc", "subnet:Subnet", "vpcEndpoint:VpcEndpoint", "routeTable:RouteTable"]) {
    expect(ofType(stack, `aws:ec2/${type}`).size).toBe(0);
  }
  expect(stack.outputs).toMatchObject({ receiptsTable: "ReceiptsTable", artifactsBucket: "scans" });
  const mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
  expect(mappings.get("vectorkeep-dev-stream-processor")?.eventSourceArn).toBe(table.streamArn);
  expect(permissionsOf(stack, "vectorkeep-dev-embed")).toEqual(
    expect.arrayContaining(["dynamodb:PutItem arn:dynamodb:ReceiptsTable", "s3:GetObject arn:s3:scans/*"]),
  );
  const compaction = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-compaction");
  expect(compaction?.vpcConfig).toMatchObject({ subnetIds: ["subnet-0a", "subnet-0b"] });
});

test("query tasks in an existing VPC stay behind its NAT", async () => {
  const stack = await deployStack("prod", { config, found });
  expect(
    ofType(stack, "aws:ecs/service:Service").get("vectorkeep-prod-query")?.networkConfiguration,
  ).toMatchObject({
    subnets: ["subnet-0a", "subnet-0b"],
    assignPublicIp: false,
  });
});

test("the compaction worker runs in the subnets of an existing VPC", async () => {
  const stack = await deployStack("dev", { config: { ...config, "compaction:host": "ecs" }, found });
  const service = ofType(stack, "aws:ecs/service:Service").get("vectorkeep-dev-compaction-worker");
  expect(service?.networkConfiguration).toMatchObject({
    subnets: ["subnet-0a", "subnet-0b"],
    assignPublicIp: false,
  });
});

test.each([
  [
    "without a stream",
    { streamEnabled: false, streamViewType: "" },
    /ReceiptsTable .* has no stream\. Give it/,
  ],
  [
    "whose stream lacks old images",
    { streamViewType: "NEW_IMAGE" },
    /ReceiptsTable .* has a stream of NEW_IMAGE\./,
  ],
  ["with other keys", { hashKey: "id", rangeKey: "" }, /ReceiptsTable .* has the keys id and none\./],
])("an existing table %s stops the deployment", async (_, attributes, message) => {
  const answers = { ...found, "aws:dynamodb/getTable:getTable": () => ({ ...table, ...attributes }) };
  await expect(deployStack("dev", { config, found: answers })).rejects.toThrow(message);
});

test.each([
  ["of another VPC", { vpcId: "vpc-0f" }, /subnet-0a, subnet-0b .* are not in vpc-0a/],
  ["in one zone", { availabilityZone: "us-east-1a" }, /Two of the subnets .* are in one availability zone/],
])("existing subnets %s stop the deployment", async (_, attributes, message) => {
  const subnet = found["aws:ec2/getSubnet:getSubnet"];
  const answers = {
    ...found,
    "aws:ec2/getSubnet:getSubnet": (inputs: Record<string, unknown>) => ({
      ...subnet?.(inputs),
      ...attributes,
    }),
  };
  await expect(deployStack("dev", { config, found: answers })).rejects.toThrow(message);
});
