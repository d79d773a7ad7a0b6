import { maxStemLength, nameProblems } from "../../infra/settings/names.ts";
import { catchUpConfig, catchUpSecrets } from "./support/catch-up-stack.ts";
import { deployStack, secrets } from "./support/stacks.ts";

/** How many characters AWS takes. Pulumi adds eight to a name that the program does not set itself. */
const longest: Readonly<Record<string, { readonly characters: number; readonly suffix: number }>> = {
  "aws:dynamodb/table:Table": { characters: 255, suffix: 0 },
  "aws:ecr/repository:Repository": { characters: 256, suffix: 8 },
  "aws:ecs/cluster:Cluster": { characters: 255, suffix: 0 },
  "aws:ecs/service:Service": { characters: 255, suffix: 0 },
  "aws:iam/role:Role": { characters: 64, suffix: 8 },
  "aws:lambda/function:Function": { characters: 64, suffix: 0 },
  "aws:lb/loadBalancer:LoadBalancer": { characters: 32, suffix: 8 },
  "aws:lb/targetGroup:TargetGroup": { characters: 32, suffix: 8 },
  "aws:s3/bucket:Bucket": { characters: 63, suffix: 8 },
  "aws:scheduler/schedule:Schedule": { characters: 64, suffix: 0 },
  "aws:sfn/stateMachine:StateMachine": { characters: 80, suffix: 8 },
  "aws:sqs/queue:Queue": { characters: 80, suffix: 0 },
};

test("under the longest stack name that is accepted every name fits, with every option; under a longer one not", async () => {
  const stack = "s".repeat(maxStemLength - "vectorkeep-".length);
  const everything = {
    ...catchUpConfig,
    "query:enabled": "true",
    "compaction:host": "ecs",
    "compaction:collectionShards": "8",
  };
  const { resources } = await deployStack("dev", {
    stack,
    config: everything,
    secrets: { ...secrets, ...catchUpSecrets },
  });
  const spare = resources.flatMap(({ type, name, inputs }) => {
    const most = longest[type];
    if (most === undefined) return [];
    const whole = String(inputs.name ?? name);
    return [{ whole, spare: most.characters - most.suffix - whole.length }];
  });
  expect(spare.filter((one) => one.spare < 0)).toEqual([]);
  expect(Math.min(...spare.filter(({ whole }) => whole.includes(stack)).map((one) => one.spare))).toBe(0);
});

test.each(["dev", "prod", "eu-west-2", "a1", "s".repeat(21)])("the stack name %s is accepted", (stack) => {
  expect(nameProblems({ project: "vectorkeep", stack })).toEqual([]);
});

test.each(["s".repeat(22), "Dev", "my_stack", "team.dev", "1st", "dev-", "a--b", ""])(
  "the stack name %j is refused",
  (stack) => {
    expect(nameProblems({ project: "vectorkeep", stack })).toEqual([
      expect.stringContaining("at most 21 lower-case letters, digits and single hyphens"),
    ]);
  },
);
