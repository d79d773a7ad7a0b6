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
  on = await deployStack("dev", { config: { "collections:mirror": "s3vectors" } });
});

const short = (name: string) => name.replace("vectorkeep-dev-", "");
const variables = (stack: Deployment, name: string) => {
  const { environment } = ofType(stack, "aws:lambda/function:Function").get(`vectorkeep-dev-${name}`) ?? {};
  return (environment as { variables: Record<string, string> }).variables;
};

test("there is none by default", () => {
  expect(listing(off.resources).filter((one) => /mirror|s3vectors|vectorsIndex/i.test(one))).toEqual([]);
  expect(off.outputs).not.toHaveProperty("mirror");
  expect(variables(off, "sweeper").MIRROR).toBe("none");
});

test("is one index per shard, with the dimensions of the stack", () => {
  const indexes = [...ofType(on, "aws:s3/vectorsIndex:VectorsIndex").values()];
  const common = { vectorBucketName: "vectorkeep-dev-mirror", dataType: "float32", distanceMetric: "cosine" };
  expect(indexes).toEqual(
    ["lines-1536", "words-1536"].map((indexName) => ({
      ...common,
      indexName,
      dimension: 1536,
      metadataConfiguration: { nonFilterableMetadataKeys: ["text", "content_hash"] },
    })),
  );
  expect(on.outputs).toMatchObject({
    mirror: { bucket: "vectorkeep-dev-mirror", function: "vectorkeep-dev-mirror" },
  });
});

test("its function reads what is published and writes to the indexes, and may do nothing else", () => {
  const allowed = permissionsOf(on, "vectorkeep-dev-mirror").map(short);
  const own = allowed.filter((one) => !/^(Deny )?(logs|ec2):/.test(one));
  expect(own).toEqual([
    "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike COLLECTION#*",
    "dynamodb:UpdateItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike COLLECTION#*",
    "elasticfilesystem:ClientMount arn:efs:collections",
    "s3:GetObject arn:s3:deltas/deltas/*",
    "s3:ListBucket arn:s3:deltas",
    ...["DeleteVectors", "GetIndex", "GetVectors", "ListVectors", "PutVectors"].flatMap((action) =>
      ["lines", "words"].map((shard) => `s3vectors:${action} arn:s3:mirror-${shard}-1536`),
    ),
  ]);
});

test("a schedule mirrors each shard every minute", () => {
  const schedules = ofType(on, "aws:scheduler/schedule:Schedule");
  for (const shard of ["lines", "words"]) {
    expect(schedules.get(`vectorkeep-dev-mirror-${shard}`)).toMatchObject({
      scheduleExpression: "rate(1 minute)",
      target: { input: JSON.stringify({ shard }) },
    });
  }
});

test("its function reaches S3 Vectors through an endpoint in the VPC", () => {
  const endpoint = ofType(on, "aws:ec2/vpcEndpoint:VpcEndpoint").get("vectorkeep-dev-network-s3vectors");
  expect(endpoint).toMatchObject({
    serviceName: "com.amazonaws.us-east-1.s3vectors",
    vpcEndpointType: "Interface",
    privateDnsEnabled: true,
  });
});

test("the sweeper measures the lag, and three alarms watch the mirror", () => {
  expect(variables(on, "sweeper").MIRROR).toBe("s3vectors");
  const alarms = ofType(on, "aws:cloudwatch/metricAlarm:MetricAlarm");
  const own = [...alarms.keys()].filter((name) => name.includes("mirror")).map(short);
  expect(own.sort()).toEqual(["mirror-behind", "mirror-errors", "mirror-vectors-refused"]);
  expect(alarms.get("vectorkeep-dev-mirror-behind")).toMatchObject({
    metricName: "MirrorSecondsBehind",
    dimensions: { service: "sweeper" },
    statistic: "Maximum",
    threshold: 900,
  });
});

test("docs/cost.md says how many alarms it adds", () => {
  const added = alarmMetrics(listing(on.resources)) - alarmMetrics(listing(off.resources));
  const page = readFileSync(join(import.meta.dirname, "../../docs/cost.md"), "utf8");
  expect(page).toContain(
    `| \`collections:mirror s3vectors\` | endpoint 7.30 + ${added} metrics of alarms × 0.10 `,
  );
});

describe("with query:backend s3vectors", () => {
  let searched: Deployment;
  beforeAll(async () => {
    searched = await deployStack("dev", {
      config: { "collections:mirror": "s3vectors", "query:backend": "s3vectors" },
    });
  });

  test("no function holds a snapshot, and the search function queries the indexes alone", () => {
    const functions = [...ofType(searched, "aws:lambda/function:Function").keys()].map(short);
    expect(functions.filter((name) => name.startsWith("search"))).toEqual(["search"]);
    const allowed = permissionsOf(searched, "vectorkeep-dev-search").map(short);
    expect(allowed.filter((one) => /s3vectors|lambda|COLLECTION/.test(one))).toEqual([
      "dynamodb:GetItem arn:dynamodb:control if dynamodb:LeadingKeys ForAllValues:StringLike COLLECTION#*",
      ...["GetVectors", "QueryVectors"].flatMap((action) =>
        ["lines", "words"].map((shard) => `s3vectors:${action} arn:s3:mirror-${shard}-1536`),
      ),
    ]);
    expect(variables(searched, "search")).toMatchObject({
      QUERY_BACKEND: "s3vectors",
      MIRROR_BUCKET: "vectorkeep-dev-mirror",
      SHARD_FUNCTION_PREFIX: "",
    });
    expect(variables(on, "search")).toMatchObject({ QUERY_BACKEND: "snapshot", MIRROR_BUCKET: "" });
  });

  test("only answers are watched, because nothing opens a generation", () => {
    const alarms = [...ofType(searched, "aws:cloudwatch/metricAlarm:MetricAlarm").keys()].map(short);
    expect(alarms.filter((name) => /^search-(un|man|gen)/.test(name))).toEqual(["search-unanswered"]);
  });

  test.each([
    [{ "collections:mirror": "none" }, "query:backend s3vectors needs collections:mirror s3vectors"],
    [{ "query:host": "ecs" }, "query:backend s3vectors needs query:host lambda"],
    [{ "merchants:enabled": "true" }, "merchants:enabled needs query:backend snapshot"],
  ])("%j is refused before anything is declared", async (config, problem) => {
    const both = { "collections:mirror": "s3vectors", "query:backend": "s3vectors", ...config };
    await expect(deployStack("dev", { config: both })).rejects.toThrow(problem);
  });
});
