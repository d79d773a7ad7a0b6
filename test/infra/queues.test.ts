import { imageSecrets } from "./support/bulk-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack, secrets } from "./support/stacks.ts";

let stack: Deployment;
let queues: Map<string, Record<string, unknown>>;
let mappings: Map<string, Record<string, unknown>>;

beforeAll(async () => {
  stack = await deployStack("dev", {
    config: { "ingest:timeoutSeconds": "200", "ingest:windowSeconds": "7" },
  });
  queues = ofType(stack, "aws:sqs/queue:Queue");
  mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
});

const consumed = ["embed-ndjson", "fold", "lines", "words"].map((name) => `vectorkeep-dev-${name}`);
const terminal = [
  "embed-ndjson-dead-letters",
  "fold-dead-letters",
  "lines-dead-letters",
  "words-dead-letters",
  "stream-rejected",
  "failed-exports",
];

test("visibility is the consumer's time limit, the window and a moment for the poller", () => {
  expect(queues.get("vectorkeep-dev-embed-ndjson")?.visibilityTimeoutSeconds).toBe(200 + 7 + 10);
  expect(queues.get("vectorkeep-dev-lines")?.visibilityTimeoutSeconds).toBe(100 + 10);
  expect(queues.get("vectorkeep-dev-words")?.visibilityTimeoutSeconds).toBe(100 + 10);
});

test.each(["dev", "prod"])(
  "F39: in %s a consumer that dies before its first call is over within two minutes",
  async (name) => {
    const deployed = await deployStack(name);
    const functions = ofType(deployed, "aws:lambda/function:Function");
    const consumedQueues = ofType(deployed, "aws:sqs/queue:Queue");
    const pairs = [
      ["embed", "embed-ndjson"],
      ["compaction", "lines"],
      ["compaction", "words"],
    ];
    for (const [consumer, queue] of pairs) {
      const timeout = Number(functions.get(`vectorkeep-${name}-${consumer}`)?.timeout);
      const visibility = Number(consumedQueues.get(`vectorkeep-${name}-${queue}`)?.visibilityTimeoutSeconds);
      expect(visibility).toBeLessThanOrEqual(120);
      // AWS refuses a mapping whose queue would show a message again while its function may still run.
      expect(visibility).toBeGreaterThan(timeout);
    }
    const { LEASE_SECONDS } = variablesOf(functions.get(`vectorkeep-${name}-compaction`));
    // Its messages are hidden for one lease, and its lease is taken over after another.
    expect(2 * Number(LEASE_SECONDS)).toBeLessThanOrEqual(90);
  },
);

function variablesOf(definition: Record<string, unknown> | undefined): Record<string, string> {
  const environment = definition?.environment as { variables: Record<string, string> } | undefined;
  return environment?.variables ?? {};
}

test("F8: every queue that is consumed has dead letters of its own kind, and only it may send there", () => {
  for (const name of consumed) {
    const redrive = JSON.parse(String(queues.get(name)?.redrivePolicy));
    expect(redrive.deadLetterTargetArn).toBe(`arn:sqs:${name}-dead-letters`);
    expect(queues.get(`${name}-dead-letters`)?.fifoQueue).toBe(queues.get(name)?.fifoQueue);
    const allowed = ofType(stack, "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy").get(
      `${name}-dead-letters`,
    );
    expect(JSON.parse(String(allowed?.redriveAllowPolicy))).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: [`arn:sqs:${name}`],
    });
  }
});

test("every other queue is the end of a path, retains for two weeks, and has no consumer", () => {
  const others = [...queues.keys()].filter((name) => !consumed.includes(name));
  expect(others.sort()).toEqual(terminal.map((name) => `vectorkeep-dev-${name}`).sort());
  const sources = [...mappings.values()].map(({ eventSourceArn }) => eventSourceArn);
  for (const name of others) {
    expect(queues.get(name)?.messageRetentionSeconds).toBe(14 * 24 * 3600);
    expect(sources).not.toContain(`arn:sqs:${name}`);
  }
});

test("every queue is encrypted, and a FIFO queue's name says that it is one", () => {
  for (const queue of queues.values()) {
    expect(queue.sqsManagedSseEnabled).toBe(true);
    expect(String(queue.name).endsWith(".fifo")).toBe(queue.fifoQueue === true);
  }
});

test("F13: contention cannot send a message of a collection to the dead letters before a thousand receives", () => {
  for (const name of ["vectorkeep-dev-lines", "vectorkeep-dev-words"]) {
    expect(JSON.parse(String(queues.get(name)?.redrivePolicy)).maxReceiveCount).toBe(1000);
  }
});

test("queues feed functions in parts that may fail one by one, never more than Lambda takes", () => {
  expect(mappings.get("vectorkeep-dev-embed")).toMatchObject({
    eventSourceArn: "arn:sqs:vectorkeep-dev-embed-ndjson",
    batchSize: 10,
    maximumBatchingWindowInSeconds: 7,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: 5 },
  });
  for (const collection of ["lines", "words"]) {
    const mapping = mappings.get(`vectorkeep-dev-compaction-${collection}`);
    expect(mapping).toEqual({
      eventSourceArn: `arn:sqs:vectorkeep-dev-${collection}`,
      functionName: "arn:lambda:vectorkeep-dev-compaction",
      enabled: true,
      batchSize: 10,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: 2 },
    });
  }
});

test("F7, F8, F39: a stream record waits out an outage of 20 hours, and ends whole in S3", () => {
  const mapping = mappings.get("vectorkeep-dev-stream-processor");
  expect(mapping).toMatchObject({
    eventSourceArn: "arn:dynamodb:vectorkeep-dev-receipts/stream/1",
    startingPosition: "TRIM_HORIZON",
    batchSize: 100,
    functionResponseTypes: ["ReportBatchItemFailures"],
    bisectBatchOnFunctionError: true,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: 20 * 3600,
    destinationConfig: { onFailure: { destinationArn: "arn:s3:vectorkeep-dev-deltas" } },
  });
});

test("an export event that keeps failing is kept", () => {
  const configs = ofType(stack, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
  expect(configs.get("vectorkeep-dev-export-ocr-results")).toMatchObject({
    functionName: "vectorkeep-dev-export-ocr-results",
    destinationConfig: { onFailure: { destination: "arn:sqs:vectorkeep-dev-failed-exports" } },
  });
});

test("F40: only functions that replace deferred messages may send to their own queues without end", async () => {
  const whole = await deployStack("dev", {
    config: { "images:enabled": "true" },
    secrets: { ...secrets, ...imageSecrets },
  });
  const configs = ofType(whole, "aws:lambda/functionRecursionConfig:FunctionRecursionConfig");
  expect(new Set([...configs.values()].map(({ recursiveLoop }) => recursiveLoop))).toEqual(
    new Set(["Allow"]),
  );
  expect([...configs.keys()].sort()).toEqual([
    "vectorkeep-dev-embed",
    "vectorkeep-dev-image-analyzer",
    "vectorkeep-dev-image-embedder",
  ]);
});
