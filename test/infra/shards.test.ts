import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

const split = ["lines-1of2", "lines-2of2", "words-1of2", "words-2of2"];

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("prod", { config: { "compaction:collectionShards": "2" } });
});

function environmentOf(deployment: Deployment, name: string): Record<string, string> {
  const { environment } = ofType(deployment, "aws:lambda/function:Function").get(name) ?? {};
  return (environment as { variables: Record<string, string> }).variables;
}

const url = (name: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/vectorkeep-prod-${name}.fifo`;
const urls = (collection: string, end = "") =>
  [1, 2].map((shard) => url(`${collection}-${shard}of2${end}`)).join(",");

test("splitting the collections replaces their queue groups and alarms, and touches nothing else", async () => {
  const whole = listing((await deployStack("prod")).resources);
  const now = listing(stack.resources);
  const groupOf = (shard: string) => [
    `aws:cloudwatch:MetricAlarm::vectorkeep-prod-${shard}-age`,
    `aws:cloudwatch:MetricAlarm::vectorkeep-prod-${shard}-dead-letters-not-empty`,
    `aws:lambda:EventSourceMapping::vectorkeep-prod-compaction-${shard}`,
    `aws:sqs:Queue::vectorkeep-prod-${shard}`,
    `aws:sqs:Queue::vectorkeep-prod-${shard}-dead-letters`,
    `aws:sqs:QueuePolicy::vectorkeep-prod-${shard}`,
    `aws:sqs:QueuePolicy::vectorkeep-prod-${shard}-dead-letters`,
    `aws:sqs:RedriveAllowPolicy::vectorkeep-prod-${shard}-dead-letters`,
  ];
  expect(whole.filter((one) => !now.includes(one))).toEqual(["lines", "words"].flatMap(groupOf).sort());
  expect(now.filter((one) => !whole.includes(one))).toEqual(split.flatMap(groupOf).sort());
});

test("each shard has a queue with dead letters of its own, and two functions at most", () => {
  const queues = ofType(stack, "aws:sqs/queue:Queue");
  const mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
  for (const shard of split) {
    const name = `vectorkeep-prod-${shard}`;
    expect(queues.get(name)).toMatchObject({ name: `${name}.fifo`, fifoQueue: true });
    expect(queues.get(`${name}-dead-letters`)).toMatchObject({ name: `${name}-dead-letters.fifo` });
    const { deadLetterTargetArn } = JSON.parse(String(queues.get(name)?.redrivePolicy));
    expect(deadLetterTargetArn).toBe(`arn:sqs:${name}-dead-letters`);
    expect(mappings.get(`vectorkeep-prod-compaction-${shard}`)).toEqual({
      eventSourceArn: `arn:sqs:${name}`,
      functionName: "arn:lambda:vectorkeep-prod-compaction",
      enabled: true,
      batchSize: 10,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: 2 },
    });
  }
});

test("each shard's queue and dead letters are watched", () => {
  const alarms = ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm");
  for (const shard of split) {
    const queue = { QueueName: `vectorkeep-prod-${shard}.fifo` };
    expect(alarms.get(`vectorkeep-prod-${shard}-age`)?.dimensions).toEqual(queue);
    const deadLetters = { QueueName: `vectorkeep-prod-${shard}-dead-letters.fifo` };
    expect(alarms.get(`vectorkeep-prod-${shard}-dead-letters-not-empty`)?.dimensions).toEqual(deadLetters);
  }
});

test("the functions may use the queues of every shard as they use those of a collection", () => {
  const ofShards = (action: string) => split.map((shard) => `${action} arn:sqs:vectorkeep-prod-${shard}`);
  const onShards = (role: string) =>
    permissionsOf(stack, `vectorkeep-prod-${role}`).filter((permission) => permission.includes("of2"));
  expect(onShards("embed")).toEqual(ofShards("sqs:SendMessage"));
  expect(onShards("generations")).toEqual(ofShards("sqs:SendMessage"));
  expect(onShards("stream-processor")).toEqual(ofShards("sqs:SendMessage"));
  expect(onShards("compaction")).toEqual([
    ...ofShards("sqs:ChangeMessageVisibility"),
    ...ofShards("sqs:DeleteMessage"),
    ...ofShards("sqs:GetQueueAttributes"),
    ...ofShards("sqs:ReceiveMessage"),
    ...split.flatMap((shard) =>
      ["", "-dead-letters"].map((end) => `sqs:SendMessage arn:sqs:vectorkeep-prod-${shard}${end}`),
    ),
  ]);
});

test("processes get the queues in shard order, and the query server gets the number of shards", () => {
  const queues = { LINES_QUEUE_URLS: urls("lines"), WORDS_QUEUE_URLS: urls("words") };
  expect(environmentOf(stack, "vectorkeep-prod-embed")).toMatchObject(queues);
  expect(environmentOf(stack, "vectorkeep-prod-stream-processor")).toMatchObject(queues);
  expect(environmentOf(stack, "vectorkeep-prod-generations")).toMatchObject(queues);
  expect(environmentOf(stack, "vectorkeep-prod-compaction")).toMatchObject({
    ...queues,
    LINES_DEAD_LETTER_QUEUE_URLS: urls("lines", "-dead-letters"),
    WORDS_DEAD_LETTER_QUEUE_URLS: urls("words", "-dead-letters"),
  });
  const [task] = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition").values();
  const [container] = JSON.parse(String(task?.containerDefinitions));
  expect(container.environment).toContainEqual({ name: "COLLECTION_SHARDS", value: "2" });
});

test("the outputs list the queues in shard order", () => {
  expect(stack.outputs).toMatchObject({
    linesQueueUrls: urls("lines").split(","),
    wordsQueueUrls: urls("words").split(","),
    linesDeadLetterQueueUrls: urls("lines", "-dead-letters").split(","),
    wordsDeadLetterQueueUrls: urls("words", "-dead-letters").split(","),
  });
});

test("with the most shards, environments and policies stay within what AWS takes, with room for longer names", async () => {
  const most = await deployStack("prod", { config: { "compaction:collectionShards": "8" } });
  for (const name of ofType(most, "aws:lambda/function:Function").keys()) {
    const variables = Object.entries(environmentOf(most, name));
    expect(variables.reduce((sum, [key, value]) => sum + key.length + value.length, 0)).toBeLessThan(3_700);
  }
  for (const { policy } of ofType(most, "aws:iam/rolePolicy:RolePolicy").values()) {
    expect(String(policy).length).toBeLessThan(8_000);
  }
});
