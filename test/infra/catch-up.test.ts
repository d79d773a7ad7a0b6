import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newestFirstIndex } from "../../core/catchup/tasks/task-store.ts";
import { catchUpSecrets, deployCatchUp, environmentOf } from "./support/catch-up-stack.ts";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const stem = "vectorkeep-dev-catch-up";
const names = ["api", "run", "chunk", "batch", "settle", "watch"];

let stack: Deployment;

beforeAll(async () => {
  stack = await deployCatchUp();
});

test("switched on it adds exactly these resources, and takes none away", async () => {
  const without = listing((await deployStack("dev")).resources);
  const file = readFileSync(join(import.meta.dirname, "fixtures/catch-up-resources.txt"), "utf8");
  expect(listing(stack.resources)).toEqual([...without, ...file.trim().split("\n")].sort());
});

test("disabled, it has no resources and no outputs", async () => {
  const without = await deployStack("dev", { config: { "catchup:pineconeHost": "https://records.example" } });
  expect(listing(without.resources).filter((one) => one.includes("catch-up"))).toEqual([]);
  expect(without.outputs).not.toHaveProperty("catchUp");
});

test("the outputs are what a caller and the tools need", () => {
  expect(stack.outputs.catchUp).toEqual({
    url: "https://api.internal/v1",
    authorization: "key",
    apiKeySecret: `${stem}-api-key`,
    sourceBucket: `${stem}-source`,
    workBucket: `${stem}-work`,
    cacheBucket: `${stem}-cache`,
    tasksTable: `${stem}-tasks`,
    stateMachineArn: `arn:aws:states:::stateMachine:${stem}`,
    unsettledQueueUrl: `https://sqs.us-east-1.amazonaws.com/000000000000/${stem}-unsettled`,
    functions: Object.fromEntries(names.map((name) => [name, `${stem}-${name}`])),
    logGroups: Object.fromEntries(names.map((name) => [name, `/aws/lambda/${stem}-${name}`])),
  });
});

test("F24: a secret's value stands in its secret version, the callers' key in API Gateway too, always as a Pulumi secret", () => {
  const values = Object.values({ ...secrets, ...catchUpSecrets });
  const holders = stack.resources.filter(({ inputs }) =>
    values.some((value) => JSON.stringify(inputs).includes(value)),
  );
  const version = "aws:secretsmanager/secretVersion:SecretVersion";
  expect(
    holders.map(({ type, name, secretInputs }) => [type, name, ...secretInputs].join(" ")).sort(),
  ).toEqual(
    [
      `aws:apigateway/apiKey:ApiKey ${stem}-api value`,
      `${version} ${stem}-api-key secretString`,
      `${version} ${stem}-metabase-api-key secretString`,
      `${version} ${stem}-pinecone-api-key secretString`,
      `${version} vectorkeep-dev-embedding-api-key secretString`,
      "aws:apigateway/apiKey:ApiKey vectorkeep-dev-search-api value",
      `${version} vectorkeep-dev-search-api-key secretString`,
    ].sort(),
  );
  for (const value of values) expect(JSON.stringify(stack.outputs)).not.toContain(value);
});

test("F24: functions get the names of the secrets that they may read, and none of others", () => {
  for (const name of names) {
    const told = Object.values(environmentOf(stack, `${stem}-${name}`)).filter((value) =>
      value.endsWith("-api-key"),
    );
    const readable = permissionsOf(stack, `${stem}-${name}`)
      .filter((permission) => permission.startsWith("secretsmanager:"))
      .map((permission) => permission.replace(/^.*:/, ""));
    expect([name, ...told.sort()]).toEqual([name, ...readable]);
  }
});

test("F21: tasks and what belongs to them expire, after the same time", async () => {
  const kept = await deployCatchUp({ "catchup:taskDays": "9" });
  expect(ofType(kept, "aws:dynamodb/table:Table").get(`${stem}-tasks`)).toMatchObject({
    ttl: { attributeName: "expires_at", enabled: true },
    globalSecondaryIndexes: [
      {
        name: newestFirstIndex,
        keySchemas: [
          { attributeName: "kind", keyType: "HASH" },
          { attributeName: "created_at", keyType: "RANGE" },
        ],
        projectionType: "ALL",
      },
    ],
  });
  expect(environmentOf(kept, `${stem}-api`).TASK_DAYS).toBe("9");
  const lifecycles = ofType(kept, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
  expect(lifecycles.get(`${stem}-work`)?.rules).toContainEqual(
    expect.objectContaining({ filter: { prefix: "" }, expiration: { days: 9 }, status: "Enabled" }),
  );
});

test("a task whose function fails for good is ended, and an end that fails for good is kept", () => {
  const asynchronous = ofType(stack, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
  const destinationOf = (name: string) => asynchronous.get(`${stem}-${name}`)?.destinationConfig;
  expect(destinationOf("run")).toEqual({ onFailure: { destination: `arn:lambda:${stem}-settle` } });
  expect(destinationOf("settle")).toEqual({ onFailure: { destination: `arn:sqs:${stem}-unsettled` } });
  for (const name of ["run", "settle"])
    expect(asynchronous.get(`${stem}-${name}`)?.maximumRetryAttempts).toBe(2);
});

test("F21: a schedule invokes the watch every minute, and a failed watch is not retried", () => {
  expect(ofType(stack, "aws:scheduler/schedule:Schedule").get(`${stem}-watch`)).toMatchObject({
    scheduleExpression: "rate(1 minute)",
    target: {
      arn: `arn:lambda:${stem}-watch`,
      roleArn: `arn:iam:${stem}-watch-schedule`,
      input: "{}",
      retryPolicy: { maximumRetryAttempts: 0 },
    },
  });
  const asynchronous = ofType(stack, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
  expect(asynchronous.get(`${stem}-watch`)).toMatchObject({ maximumRetryAttempts: 0 });
});

test("the watch invokes settle again only after all attempts of the first invocation have ended", () => {
  const { timeout } = ofType(stack, "aws:lambda/function:Function").get(`${stem}-settle`) ?? {};
  const betweenAttemptsSeconds = 60 + 120;
  expect(Number(environmentOf(stack, `${stem}-watch`).SETTLING_SECONDS)).toBeGreaterThan(
    3 * Number(timeout) + betweenAttemptsSeconds,
  );
});

test("F23: the limit of requests is the smaller one of the provider's account and of catching up", async () => {
  const limitOf = (deployment: Deployment) =>
    environmentOf(deployment, `${stem}-chunk`).EMBEDDING_REQUESTS_PER_MINUTE;
  expect(limitOf(stack)).toBe("1200");
  expect(limitOf(await deployCatchUp({ "embedding:requestsPerMinute": "90" }))).toBe("90");
});

test("functions that work on rows have room and time, and none of them is in the VPC", () => {
  const functions = ofType(stack, "aws:lambda/function:Function");
  for (const name of names) expect(functions.get(`${stem}-${name}`)).not.toHaveProperty("vpcConfig");
  for (const name of ["run", "chunk", "settle"]) expect(functions.get(`${stem}-${name}`)?.timeout).toBe(900);
});

test("columns are declared with their types, also one whose name has the sign between", async () => {
  const declared = await deployCatchUp({ "catchup:columnTypes": '["zip=string","price=number"]' });
  expect(JSON.parse(environmentOf(declared, `${stem}-chunk`).COLUMN_TYPES ?? "")).toEqual({
    zip: "string",
    price: "number",
  });
});

test("an existing bucket of CSV files is read, never written, and none is created", async () => {
  const found = {
    "aws:s3/getBucket:getBucket": ({ bucket }: Record<string, unknown>) => ({
      bucket,
      arn: `arn:s3:${bucket}`,
    }),
  };
  const stack = await deployCatchUp({ "catchup:sourceBucket": "exports" }, { found });
  expect(ofType(stack, "aws:s3/bucket:Bucket").has(`${stem}-source`)).toBe(false);
  expect(stack.outputs.catchUp).toMatchObject({ sourceBucket: "exports" });
  for (const name of ["run", "chunk", "settle"]) {
    const own = permissionsOf(stack, `${stem}-${name}`).filter((one) => /arn:s3:exports/.test(one));
    expect(own).toEqual(["s3:GetObject arn:s3:exports/*", "s3:ListBucket arn:s3:exports"]);
  }
});
