import { catchUpSecrets, deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { existingVpc, routeTablesFound, vpcFound } from "./support/existing-vpc.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const run = "vectorkeep-dev-catch-up-run";
const nat = { natGatewayId: "nat-0a" };
const egressRule = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";

/** In an existing VPC with these route tables. */
function deployInVpc(
  settings: Readonly<Record<string, string>> = {},
  routeTables: Parameters<typeof routeTablesFound>[0] = { "rtb-0a": { to: nat } },
  slowType = egressRule,
): Promise<Deployment> {
  const found = { ...vpcFound, ...routeTablesFound(routeTables) };
  return deployCatchUp(
    { ...existingVpc, "catchup:inVpc": "true", ...settings },
    { found, slow: [slowType], slowMs: 1000 },
  );
}

let stack: Deployment;
let outside: Deployment;

beforeAll(async () => {
  stack = await deployInVpc();
  outside = await deployCatchUp(existingVpc, { found: vpcFound });
});

test("the function that queries Metabase is in the existing subnets, and no other catch-up function is", () => {
  const placed = [...ofType(stack, "aws:lambda/function:Function")].filter(
    ([name, { vpcConfig }]) => name.includes("catch-up") && vpcConfig !== undefined,
  );
  expect(placed.map(([name, { vpcConfig }]) => [name, vpcConfig])).toEqual([
    [run, { subnetIds: ["subnet-0a", "subnet-0b"], securityGroupIds: [`${run}-id`] }],
  ]);
});

test("by default it is outside the VPC, also with network:vpcId", () => {
  expect(ofType(outside, "aws:lambda/function:Function").get(run)).not.toHaveProperty("vpcConfig");
});

test("the setting adds a security group, its egress rule and a policy, and nothing else", () => {
  const before = listing(outside.resources);
  expect(listing(stack.resources).filter((one) => !before.includes(one))).toEqual([
    `aws:ec2:SecurityGroup::${run}`,
    `aws:iam:RolePolicy::${run}-network`,
    `aws:vpc:SecurityGroupEgressRule::${run}-to-443`,
  ]);
});

test("egress is HTTPS and the ports of Metabase, Pinecone and the embedding provider; there is no ingress", async () => {
  const elsewhere = await deployInVpc({
    "catchup:metabaseUrl": "https://metabase.internal:3443",
    "catchup:pineconeHost": "https://records.pinecone.example:8443",
    "embedding:baseUrl": "https://models.internal:3443/v1",
  });
  const reached = (deployment: Deployment) =>
    [...ofType(deployment, egressRule).values()].filter(
      ({ securityGroupId }) => securityGroupId === `${run}-id`,
    );
  const anywhere = { securityGroupId: `${run}-id`, cidrIpv4: "0.0.0.0/0", ipProtocol: "tcp" };
  expect(reached(stack)).toEqual([{ ...anywhere, fromPort: 443, toPort: 443 }]);
  expect(reached(elsewhere).map(({ fromPort, toPort }) => [fromPort, toPort])).toEqual([
    [443, 443],
    [3443, 3443],
    [8443, 8443],
  ]);
  const entered = ofType(stack, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values();
  expect([...entered].filter(({ securityGroupId }) => securityGroupId === `${run}-id`)).toEqual([]);
});

test("Lambda may attach the function under its role, its own code may not, and no other permission changes", () => {
  const actions = [
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
  ];
  const fromCode = `if lambda:SourceFunctionArn ArnLike arn:*:lambda:*:*:function:${run}`;
  expect(permissionsOf(stack, `${run}-network`)).toEqual([
    ...actions.map((action) => `Deny ec2:${action} * ${fromCode}`),
    ...actions.map((action) => `ec2:${action} *`),
  ]);
  expect(ofType(stack, "aws:iam/rolePolicy:RolePolicy").get(`${run}-network`)?.role).toBe(`${run}-id`);
  expect(permissionsOf(stack, run)).toEqual(permissionsOf(outside, run));
});

test("the function is attached after its egress rule exists", () => {
  const made = stack.events.indexOf(`start aws:lambda/function:Function ${run}`);
  expect(stack.events.slice(0, made)).toContain(`done ${egressRule} ${run}-to-443`);
});

test("the security group depends on the policy, so it is deleted first, while Lambda can still delete the network interfaces", async () => {
  const policy = "aws:iam/rolePolicy:RolePolicy";
  const { events } = await deployInVpc({}, undefined, policy);
  const group = events.indexOf(`start aws:ec2/securityGroup:SecurityGroup ${run}`);
  expect(events.slice(0, group)).toContain(`done ${policy} ${run}-network`);
});

describe("preview fails", () => {
  test("without an existing VPC, because the stack's own has no NAT gateway", async () => {
    await expect(deployCatchUp({ "catchup:inVpc": "true" })).rejects.toThrow(
      /catchup:inVpc requires network:vpcId: the stack's own VPC has no NAT gateway/,
    );
  });

  test("without a Metabase", async () => {
    const { "catchup:metabaseApiKey": _, ...keys } = catchUpSecrets;
    const config = {
      ...existingVpc,
      "catchup:enabled": "true",
      "catchup:pineconeHost": "https://records.pinecone.example",
      "catchup:inVpc": "true",
    };
    const deployed = deployStack("dev", { config, secrets: { ...secrets, ...keys }, found: vpcFound });
    await expect(deployed).rejects.toThrow(/catchup:inVpc is for a private Metabase/);
  });

  test.each([
    ["has no route to the internet", { "rtb-main": { to: nat }, "rtb-0b": { subnetId: "subnet-0b" } }],
    [
      "routes to an internet gateway, which serves public addresses only",
      { "rtb-main": { to: nat }, "rtb-0b": { subnetId: "subnet-0b", to: { gatewayId: "igw-0a" } } },
    ],
    [
      "has the main route table, which has no route to the internet",
      { "rtb-main": {}, "rtb-0a": { subnetId: "subnet-0a", to: nat } },
    ],
  ])("if a subnet %s", async (_, routeTables) => {
    await expect(deployInVpc({}, routeTables)).rejects.toThrow(
      /The subnets subnet-0b \(network:subnetIds\) have no route to the internet that a function can use, and catchup:inVpc requires one\. Name subnets/,
    );
  });
});
