import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

interface ResourceStatement {
  readonly Effect: string;
  readonly Principal: unknown;
  readonly Action: unknown;
  readonly Resource: string;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

const account = "000000000000";

let prod: Deployment;
let catchUp: Deployment;
let forBrowsers: Deployment;

beforeAll(async () => {
  prod = await deployStack("prod");
  catchUp = await deployCatchUp();
  forBrowsers = await deployCatchUp({ "catchup:corsOrigins": '["https://app.example.com"]' });
});

test("no queue is reached without TLS, nor by a principal of another account, whatever else allows it", () => {
  for (const stack of [prod, catchUp]) {
    const policies = ofType(stack, "aws:sqs/queuePolicy:QueuePolicy");
    const queues = ofType(stack, "aws:sqs/queue:Queue");
    expect([...policies.keys()].sort()).toEqual([...queues.keys()].sort());
    for (const [name, { policy }] of policies) {
      const everything = { Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: `arn:sqs:${name}` };
      expect(statementsOf(policy)).toEqual([
        expect.objectContaining({ ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        expect.objectContaining({
          ...everything,
          Condition: {
            StringNotEquals: { "aws:PrincipalAccount": account },
            Bool: { "aws:PrincipalIsAWSService": "false" },
          },
        }),
      ]);
    }
  }
});

test("the file system serves only clients with TLS, through the access point, whose role allows it", () => {
  const policy = ofType(prod, "aws:efs/fileSystemPolicy:FileSystemPolicy").get("vectorkeep-prod-collections");
  const statements = statementsOf(policy?.policy);
  // Only denials: what allows a client stands in the policy of its role.
  expect(statements.map(({ Effect }) => Effect)).toEqual(["Deny", "Deny"]);
  expect(statements.map(({ Condition }) => Condition)).toEqual([
    { Bool: { "aws:SecureTransport": "false" } },
    { StringNotEquals: { "elasticfilesystem:AccessPointArn": "arn:efs:vectorkeep-prod-collections" } },
  ]);
  const functions = prod.events.filter((event) =>
    /^start aws:lambda\/function:Function .*compaction/.test(event),
  );
  const applied = prod.events.findIndex((event) => event.startsWith("done aws:efs/fileSystemPolicy"));
  for (const start of functions) expect(prod.events.indexOf(start)).toBeGreaterThan(applied);
});

test("a service assumes a role on behalf of the own account only, except to start a task", () => {
  for (const stack of [prod, catchUp]) {
    for (const [name, { assumeRolePolicy }] of ofType(stack, "aws:iam/role:Role")) {
      const [{ Condition } = { Condition: undefined }] = statementsOf(assumeRolePolicy);
      expect([name, Condition]).toEqual([
        name,
        name.endsWith("-start") ? undefined : { StringEquals: { "aws:SourceAccount": account } },
      ]);
    }
  }
});

test("notifications of alarms are encrypted with a key that CloudWatch may use, and only alarms of the account publish", () => {
  const topic = ofType(prod, "aws:sns/topic:Topic").get("vectorkeep-prod-alarms");
  expect(topic?.kmsMasterKeyId).toBe("arn:kms:vectorkeep-prod-alarms");
  const key = ofType(prod, "aws:kms/key:Key").get("vectorkeep-prod-alarms");
  const cloudWatch = {
    Effect: "Allow",
    Principal: { Service: "cloudwatch.amazonaws.com" },
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  };
  expect(statementsOf(key?.policy)).toContainEqual(
    expect.objectContaining({ ...cloudWatch, Action: ["kms:Decrypt", "kms:GenerateDataKey*"] }),
  );
  const topicPolicy = ofType(prod, "aws:sns/topicPolicy:TopicPolicy").get("vectorkeep-prod-alarms");
  expect(statementsOf(topicPolicy?.policy).filter(({ Effect }) => Effect === "Allow")).toEqual([
    expect.objectContaining({ ...cloudWatch, Action: "sns:Publish" }),
  ]);
});

test("nothing answers the internet without a stated authentication", () => {
  for (const stack of [prod, catchUp, forBrowsers]) {
    for (const [name, method] of ofType(stack, "aws:apigateway/method:Method")) {
      const authenticated = method.apiKeyRequired === true || method.authorization === "AWS_IAM";
      expect([name, authenticated || openRoutes.test(name)]).toEqual([name, true]);
    }
    expect(ofType(stack, "aws:lambda/functionUrl:FunctionUrl").size).toBe(0);
    expect(
      [...ofType(stack, "aws:lb/loadBalancer:LoadBalancer").values()].every(({ internal }) => internal),
    ).toBe(true);
  }
  expect(ofType(catchUp, "aws:apigateway/method:Method").size).toBeGreaterThan(5);
});

/** They tell no more than that the API is there, and a browser cannot send a key with a preflight request. */
const openRoutes = /-(get-health|options-[a-z-]+)$/;

function statementsOf(policy: unknown): ResourceStatement[] {
  return JSON.parse(String(policy)).Statement;
}
