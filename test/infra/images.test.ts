import { imageSecrets } from "./support/bulk-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const otlpEndpoint = "https://collector.example/otel/v1/traces";
let stack: Deployment;
const named = (type: string, name: string) => ofType(stack, type).get(`vectorkeep-dev-${name}`);

beforeAll(async () => {
  stack = await deployStack("dev", {
    config: { "images:enabled": "true", "images:users": '["demo"]', "images:otlpEndpoint": otlpEndpoint },
    secrets: { ...secrets, ...imageSecrets },
  });
});

const policyOf = (
  name: string,
): { Statement: { Action: string[]; Resource: unknown; Condition?: unknown }[] } =>
  JSON.parse(String(named("aws:iam/rolePolicy:RolePolicy", name)?.policy));

test("uploads start the flow whatever the case of their extension, and only in the images bucket", () => {
  const { eventPattern } = named("aws:cloudwatch/eventRule:EventRule", "image-uploads") ?? {};
  const pattern = JSON.parse(String(eventPattern));
  expect(pattern).toMatchObject({
    source: ["aws.s3"],
    "detail-type": ["Object Created", "Object Deleted"],
    detail: { bucket: { name: ["vectorkeep-dev-images-uploads"] } },
  });
  expect(pattern.detail.object.key).toContainEqual({ suffix: { "equals-ignore-case": ".jpg" } });
  expect(pattern.detail.object.key).toContainEqual({ suffix: { "equals-ignore-case": ".heic" } });
});

test.each([
  ["image-analysis", "collections.imageprocessor", "ImageProcessed"],
  ["image-embedding", "collections.analyzer", "AnalysisComplete"],
])("%s takes the event of the step before", (rule, source, type) => {
  const { eventPattern } = named("aws:cloudwatch/eventRule:EventRule", rule) ?? {};
  expect(JSON.parse(String(eventPattern))).toMatchObject({ source: [source], "detail-type": [type] });
});

test.each(["image-uploads", "image-analysis", "image-embedding"])(
  "what EventBridge cannot deliver to %s is kept",
  (rule) => {
    expect(named("aws:cloudwatch/eventTarget:EventTarget", rule)).toMatchObject({
      deadLetterConfig: { arn: "arn:sqs:vectorkeep-dev-image-undelivered" },
      retryPolicy: { maximumRetryAttempts: 20 },
    });
  },
);

test("every event of the flow, and no other, can be sent again for two weeks", () => {
  const archive = named("aws:cloudwatch/eventArchive:EventArchive", "images");
  expect(archive).toMatchObject({
    retentionDays: 14,
    eventSourceArn: expect.stringMatching(/event-bus\/default$/),
  });
  const bucket = "vectorkeep-dev-images-uploads";
  expect(JSON.parse(String(archive?.eventPattern))).toEqual({
    $or: [
      { source: ["aws.s3"], detail: { bucket: { name: [bucket] } } },
      { source: ["collections.imageprocessor", "collections.analyzer"], detail: { bucket: [bucket] } },
    ],
  });
});

test("the processor takes one image at a time", () => {
  expect(named("aws:lambda/eventSourceMapping:EventSourceMapping", "image-processor")).toMatchObject({
    batchSize: 1,
    functionResponseTypes: ["ReportBatchItemFailures"],
  });
});

test.each([
  ["image-processor", "collections.imageprocessor"],
  ["image-analyzer", "collections.analyzer"],
])("%s publishes only the event of its own step", (name, source) => {
  const put = policyOf(name).Statement.filter(({ Action }) => Action.includes("events:PutEvents"));
  expect(put).toMatchObject([{ Condition: { StringEquals: { "events:source": source } } }]);
});

test.each([
  ["image-processor", false],
  ["image-watch", false],
  ["image-analyzer", true],
  ["image-embedder", true],
  ["image-search", true],
])("%s sends spans to the collector of model calls: %s", (name, does) => {
  const { environment } = named("aws:lambda/function:Function", name) ?? {};
  const { variables } = environment as { variables: Record<string, string> };
  const secret = "vectorkeep-dev-image-otlp-headers";
  expect([variables.TRACING_ENDPOINT, variables.TRACING_HEADERS_SECRET]).toEqual(
    does ? [otlpEndpoint, expect.stringContaining(secret)] : [undefined, undefined],
  );
  const read = policyOf(name).Statement.filter(({ Action }) =>
    Action.includes("secretsmanager:GetSecretValue"),
  );
  expect(JSON.stringify(read).includes(secret)).toBe(does);
});

test("the database is reached by the Data API alone, is encrypted, and keeps the engine that was migrated", () => {
  expect(named("aws:rds/cluster:Cluster", "images")).toMatchObject({
    enableHttpEndpoint: true,
    storageEncrypted: true,
    manageMasterUserPassword: true,
  });
  expect(named("aws:rds/clusterInstance:ClusterInstance", "images")).toMatchObject({
    publiclyAccessible: false,
    autoMinorVersionUpgrade: false,
  });
  const { triggers } = named("aws:lambda/invocation:Invocation", "images") ?? {};
  expect(Object.keys(triggers as object).sort()).toEqual(["cluster", "dimensions", "engine", "migrations"]);
});

test.each([
  ["image-processor", 1536, 60],
  ["image-analyzer", 1024, 300],
  ["image-embedder", 512, 60],
  ["image-search", 1024, 29],
  ["image-watch", 256, 120],
])("%s has %i MB and %i seconds", (name, memorySize, timeout) => {
  expect(named("aws:lambda/function:Function", name)).toMatchObject({ memorySize, timeout });
});

test("originals keep their former versions in prod, and renditions expire after the configured days", async () => {
  const days = "90";
  const config = { "images:enabled": "true", "images:users": '["demo"]', "images:renditionDays": days };
  const prod = await deployStack("prod", { config, secrets: { ...secrets, ...imageSecrets } });
  const versioned = (of: Deployment) => [...ofType(of, "aws:s3/bucketVersioning:BucketVersioning").keys()];
  expect(versioned(prod)).toContain("vectorkeep-prod-images-uploads");
  expect(versioned(prod)).not.toContain("vectorkeep-prod-images-renditions");
  const lifecycles = ofType(prod, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
  expect(lifecycles.get("vectorkeep-prod-images-renditions")?.rules).toContainEqual(
    expect.objectContaining({ filter: { prefix: "" }, expiration: { days: 90 } }),
  );
  expect(JSON.stringify(lifecycles.get("vectorkeep-prod-images-uploads")?.rules)).not.toContain(
    '"expiration":{"days"',
  );
});

test("unfinished images are counted twice a day, and the alarm holds from one count to the next", () => {
  expect(named("aws:scheduler/schedule:Schedule", "image-watch")).toMatchObject({
    scheduleExpression: "rate(720 minutes)",
  });
  expect(named("aws:cloudwatch/metricAlarm:MetricAlarm", "images-unfinished")).toMatchObject({
    metricName: "ImagesUnfinished",
    statistic: "Maximum",
    threshold: 0,
    period: 24 * 3600,
    treatMissingData: "notBreaching",
  });
});
