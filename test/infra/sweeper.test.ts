import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

let stack: Deployment;
let environment: Record<string, string>;

beforeAll(async () => {
  stack = await deployStack("dev", { config: { "compaction:maxFailures": "7", "sweep:everyMinutes": "1" } });
  environment = environmentOf("sweeper");
});

test("F6: a delta is kept as long as a message that names it can be in a queue and then in its DLQ", () => {
  const queues = ofType(stack, "aws:sqs/queue:Queue");
  const longest = (names: string[]) =>
    Math.max(...names.map((name) => Number(queues.get(`vectorkeep-dev-${name}`)?.messageRetentionSeconds)));
  const queued = longest(["embed-ndjson", "lines", "words"]);
  const dead = longest(["embed-ndjson-dead-letters", "lines-dead-letters", "words-dead-letters"]);
  expect(Number(environment.DELTA_RETENTION_SECONDS)).toBe(queued + dead);
});

test("F6: nothing but the sweeper removes deltas", () => {
  const lifecycles = [
    ...ofType(stack, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").values(),
  ].flatMap(({ rules }) => rules as { filter?: { prefix?: string }; expiration?: { days?: number } }[]);
  const expiring = lifecycles.filter(({ expiration }) => expiration?.days !== undefined);
  expect(expiring.map(({ filter }) => filter?.prefix)).toEqual(["rejected/"]);
});

test("it takes a half for failed when compaction does", () => {
  expect(environment.MAX_FAILURES).toBe("7");
  expect(environmentOf("compaction").MAX_FAILURES).toBe("7");
});

test("it is started by a schedule of its own, and a sweep that fails is left to the next one", () => {
  expect(ofType(stack, "aws:scheduler/schedule:Schedule").get("vectorkeep-dev-sweeper")).toMatchObject({
    scheduleExpression: "rate(1 minute)",
    target: {
      arn: "arn:lambda:vectorkeep-dev-sweeper",
      roleArn: "arn:iam:vectorkeep-dev-sweeper-schedule",
      input: "{}",
      retryPolicy: { maximumRetryAttempts: 0 },
    },
  });
  const { assumeRolePolicy } =
    ofType(stack, "aws:iam/role:Role").get("vectorkeep-dev-sweeper-schedule") ?? {};
  expect(String(assumeRolePolicy)).toContain("scheduler.amazonaws.com");
  const asynchronous = ofType(stack, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
  expect(asynchronous.get("vectorkeep-dev-sweeper")).toMatchObject({ maximumRetryAttempts: 0 });
});

test("a sweep that has claimed work counts as dead only after its time limit", () => {
  const { timeout } = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-sweeper") ?? {};
  expect(Number(environment.CLAIM_SECONDS)).toBeGreaterThan(Number(timeout));
});

function environmentOf(name: string): Record<string, string> {
  const found = ofType(stack, "aws:lambda/function:Function").get(`vectorkeep-dev-${name}`);
  return (found as { environment: { variables: Record<string, string> } }).environment.variables;
}
