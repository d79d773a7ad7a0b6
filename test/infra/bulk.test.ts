import type { ConfigurationInvalidError } from "../../infra/settings/read-all.ts";
import { bulkSecrets, deployBulk } from "./support/bulk-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0123";

interface Container {
  readonly name: string;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly stopTimeout?: number;
}

function containersOf(stack: Deployment): Container[] {
  return [...ofType(stack, "aws:ecs/taskDefinition:TaskDefinition").values()].flatMap(
    ({ containerDefinitions }) => JSON.parse(String(containerDefinitions)) as Container[],
  );
}

const one = (stack: Deployment, type: string) => [...ofType(stack, type).values()][0] ?? {};

describe("the bulk API", () => {
  let stack: Deployment;

  beforeAll(async () => {
    stack = await deployBulk();
  });

  test("has an API and workers as services of their own, and workers have two minutes to stop", () => {
    const containers = containersOf(stack).filter(({ name }) => name.startsWith("bulk-"));
    expect(containers.map(({ name }) => name).sort()).toEqual(["bulk-api", "bulk-worker"]);
    expect(containers.find(({ name }) => name === "bulk-worker")?.stopTimeout).toBe(120);
  });

  test("has no secret in an environment", () => {
    const text = JSON.stringify(containersOf(stack).map(({ environment }) => environment));
    for (const secret of Object.values(bulkSecrets)) expect(text).not.toContain(secret);
    expect(JSON.stringify(stack.outputs)).not.toContain(bulkSecrets["bulk:apiKey"]);
  });

  test("has a broker that evicts nothing, with TLS, a password and no cluster mode", () => {
    expect(one(stack, "aws:elasticache/replicationGroup:ReplicationGroup")).toMatchObject({
      engine: "valkey",
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
      authToken: bulkSecrets["bulk:redisPassword"],
      numCacheClusters: 1,
    });
    expect(one(stack, "aws:elasticache/parameterGroup:ParameterGroup").parameters).toEqual([
      { name: "maxmemory-policy", value: "noeviction" },
    ]);
    const group = stack.resources.find(({ type }) => type.endsWith("replicationGroup:ReplicationGroup"));
    expect(group?.secretInputs).toContain("authToken");
  });

  test("answers the VPC alone, and refuses callers beyond their rate with 429", () => {
    const balancers = [...ofType(stack, "aws:lb/loadBalancer:LoadBalancer")];
    expect(balancers.find(([name]) => name.includes("bulk"))?.[1]).toMatchObject({ internal: true });
    const { rules } = one(stack, "aws:wafv2/webAcl:WebAcl") as { rules: Record<string, unknown>[] };
    expect(rules).toHaveLength(2);
    for (const { action } of rules)
      expect(action).toEqual({ block: { customResponse: { responseCode: 429 } } });
  });

  test("scales its workers between the bounds of the settings", () => {
    expect(one(stack, "aws:appautoscaling/target:Target")).toMatchObject({ minCapacity: 2, maxCapacity: 10 });
  });

  test("gives the API no key of a provider, and no object", () => {
    const policies = [...ofType(stack, "aws:iam/rolePolicy:RolePolicy")];
    const policyOf = (task: string) => {
      const found = policies.find(([name]) => name.endsWith(`${task}-run`))?.[1].policy;
      if (typeof found !== "string") throw new Error(`There is no policy of ${task}.`);
      return found;
    };
    // What the API is not to have is there under these names.
    for (const provider of [/s3:GetObject/, /pinecone/, /embedding/]) {
      expect(policyOf("bulk-worker")).toMatch(provider);
      expect(policyOf("bulk-api")).not.toMatch(provider);
    }
    expect(policyOf("bulk-api")).toMatch(/dynamodb:PutItem/);
    expect(policyOf("bulk-api")).not.toMatch(/s3:/);
  });
});

test("with a certificate and ranges it listens with HTTPS for these, and nobody else", async () => {
  const stack = await deployBulk({
    "bulk:certificateArn": certificate,
    "bulk:allowedCidrs": JSON.stringify(["203.0.113.0/24"]),
  });
  const listeners = [...ofType(stack, "aws:lb/listener:Listener").values()];
  expect(listeners).toContainEqual(
    expect.objectContaining({ port: 443, protocol: "HTTPS", certificateArn: certificate }),
  );
  const ranges = [...ofType(stack, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values()]
    .filter(({ fromPort }) => fromPort === 443)
    .map(({ cidrIpv4 }) => cidrIpv4);
  expect(ranges).toContain("203.0.113.0/24");
  expect(ranges).not.toContain("0.0.0.0/0");
});

test("an existing broker is used, and none is made", async () => {
  const stack = await deployBulk({}, { secrets: { "bulk:redisUrl": "rediss://:secret@redis.example:6379" } });
  expect(ofType(stack, "aws:elasticache/replicationGroup:ReplicationGroup").size).toBe(0);
});

test("a deployed stack refuses a folder of sources, and the local one takes it", async () => {
  const folder = { "bulk:sourceFolder": "/srv/files" };
  const problems = await deployBulk(folder).catch((error: ConfigurationInvalidError) => error.problems);
  expect(problems).toEqual([expect.stringContaining("bulk:sourceFolder is for the local stack")]);
  const local = await deployBulk({
    ...folder,
    "embedding:baseUrl": "http://127.0.0.1:4568/v1",
  });
  const worker = containersOf(local).find(({ name }) => name === "bulk-worker");
  expect(worker?.environment).toContainEqual({ name: "SOURCE_FOLDER", value: "/srv/files" });
});

test("a stack without it has nothing of it", async () => {
  const { resources } = await deployStack("dev");
  expect(resources.filter(({ name }) => name.includes("bulk"))).toEqual([]);
});
