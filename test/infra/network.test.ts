import { type Deployment, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

type Inputs = Record<string, unknown>;

interface VpcFunction {
  readonly name: string;
  readonly subnets: string[];
  readonly group: string;
}

let stack: Deployment;
const slow = [
  "aws:ec2/routeTableAssociation:RouteTableAssociation",
  "aws:ec2/vpcEndpoint:VpcEndpoint",
  "aws:efs/mountTarget:MountTarget",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
];

beforeAll(async () => {
  stack = await deployStack("dev", { slow });
});

test("only functions that mount the file system are in the VPC", () => {
  const names = functionsInVpc().map(({ name }) => name);
  expect(names.sort()).toEqual([
    "vectorkeep-dev-compaction",
    "vectorkeep-dev-export-snapshot",
    "vectorkeep-dev-fold",
    "vectorkeep-dev-generations",
    "vectorkeep-dev-search-lines",
    "vectorkeep-dev-search-words",
    "vectorkeep-dev-verify",
  ]);
  for (const [, { vpcConfig, fileSystemConfig }] of ofType(stack, "aws:lambda/function:Function")) {
    expect(vpcConfig === undefined).toBe(fileSystemConfig === undefined);
  }
});

test("every AWS service that a function in the VPC may call has an endpoint that its security group reaches", () => {
  for (const { name, subnets, group } of functionsInVpc()) {
    const reached = new Set<string>();
    for (const [, endpoint] of ofType(stack, "aws:ec2/vpcEndpoint:VpcEndpoint")) {
      const service = String(endpoint.serviceName).replace("com.amazonaws.us-east-1.", "");
      const way =
        endpoint.vpcEndpointType === "Gateway"
          ? gatewayEgress(endpoint, subnets)
          : interfaceEgress(endpoint, subnets);
      if (way !== undefined && leaves(group, 443, way)) reached.add(service);
    }
    for (const service of servicesCalled(name)) expect(reached).toContain(service);
  }
});

test("a function in the VPC reaches a mount target in each of its subnets, on 2049", () => {
  const targets = [...ofType(stack, "aws:efs/mountTarget:MountTarget").values()];
  for (const { subnets, group } of functionsInVpc()) {
    expect(targets.map(({ subnetId }) => subnetId).sort()).toEqual([...subnets].sort());
    for (const { securityGroups } of targets) {
      const [files = ""] = securityGroups as string[];
      expect(leaves(group, 2049, { referencedSecurityGroupId: files })).toBe(true);
      expect(enters(files, 2049, { referencedSecurityGroupId: group })).toBe(true);
    }
  }
});

test("a function on EFS is made only after every mount target and every rule", () => {
  const conditions = stack.events.filter((event) =>
    /^done aws:(efs\/mountTarget|vpc\/securityGroup(In|E)gressRule):\w+ vectorkeep-dev-(collections|network-functions)/.test(
      event,
    ),
  );
  expect(conditions).toHaveLength(2 + 5);
  const ways = stack.events.filter((event) =>
    /^done aws:(ec2\/(vpcEndpoint|routeTableAssociation)|vpc\/securityGroupIngressRule):\w+ vectorkeep-dev-network-(s3|dynamodb|sqs|private|endpoints)/.test(
      event,
    ),
  );
  expect(ways).toHaveLength(3 + 2 + 1);
  for (const { name } of functionsInVpc()) {
    const made = stack.events.indexOf(`start aws:lambda/function:Function ${name}`);
    for (const condition of [...conditions, ...ways])
      expect(stack.events.indexOf(condition)).toBeLessThan(made);
  }
});

test("the two private subnets are in two zones, and nothing routes them to the internet", () => {
  const subnets = ofType(stack, "aws:ec2/subnet:Subnet");
  expect([...subnets.values()].map(({ availabilityZoneId }) => availabilityZoneId)).toEqual([
    "use1-az1",
    "use1-az2",
  ]);
  expect(ofType(stack, "aws:ec2/route:Route").size).toBe(0);
  expect(ofType(stack, "aws:ec2/natGateway:NatGateway").size).toBe(0);
});

test("zones without Lambda or Fargate are left out, by ids, which mean the same zone in every account", async () => {
  const asked: Record<string, unknown>[] = [];
  await deployStack("dev", {
    found: {
      "aws:index/getAvailabilityZones:getAvailabilityZones": (inputs) => {
        asked.push(inputs);
        return { zoneIds: ["use1-az1", "use1-az2"] };
      },
    },
  });
  expect(asked).toEqual([
    expect.objectContaining({
      excludeZoneIds: expect.arrayContaining(["use1-az3", "usw1-az2", "apne1-az3"]),
    }),
  ]);
});

test("the zones that are set are used, and SQS has an endpoint in as many as are set", async () => {
  const chosen = await deployStack("prod", { config: { "network:zones": '["use1-az6","use1-az4"]' } });
  const zones = [...ofType(chosen, "aws:ec2/subnet:Subnet")].map(([name, subnet]) => [
    name,
    subnet.availabilityZoneId,
  ]);
  const prefix = "vectorkeep-prod-network";
  expect(Object.fromEntries(zones)).toEqual({
    [`${prefix}-private-1`]: "use1-az6",
    [`${prefix}-private-2`]: "use1-az4",
    [`${prefix}-public-1`]: "use1-az6",
    [`${prefix}-public-2`]: "use1-az4",
  });
  const endpointOf = (deployment: Deployment, name: string) =>
    ofType(deployment, "aws:ec2/vpcEndpoint:VpcEndpoint").get(`${name}-sqs`)?.subnetIds;
  expect(endpointOf(chosen, prefix)).toHaveLength(2);
  expect(endpointOf(stack, "vectorkeep-dev-network")).toHaveLength(1);
});

test("query tasks have a way out, and only the load balancer has a way in to them", async () => {
  const prod = await deployStack("prod");
  const service = ofType(prod, "aws:ecs/service:Service").get("vectorkeep-prod-query");
  expect(service?.networkConfiguration).toEqual({
    subnets: ["vectorkeep-prod-network-public-1-id", "vectorkeep-prod-network-public-2-id"],
    securityGroups: ["vectorkeep-prod-query-tasks-id"],
    assignPublicIp: true,
  });
  const rules = [...ofType(prod, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values()];
  expect(rules.filter(({ securityGroupId }) => securityGroupId === "vectorkeep-prod-query-tasks-id")).toEqual(
    [
      {
        securityGroupId: "vectorkeep-prod-query-tasks-id",
        referencedSecurityGroupId: "vectorkeep-prod-query-balancer-id",
        ipProtocol: "tcp",
        fromPort: 8080,
        toPort: 8080,
      },
    ],
  );
  expect(rules.filter(({ cidrIpv4 }) => cidrIpv4 === "0.0.0.0/0")).toEqual([]);
  expect(ofType(prod, "aws:lb/loadBalancer:LoadBalancer").get("vectorkeep-prod-query")?.internal).toBe(true);
});

function functionsInVpc(): VpcFunction[] {
  return [...ofType(stack, "aws:lambda/function:Function")]
    .filter(([, { vpcConfig }]) => vpcConfig !== undefined)
    .map(([name, { vpcConfig }]) => {
      const { subnetIds, securityGroupIds } = vpcConfig as {
        subnetIds: string[];
        securityGroupIds: [string];
      };
      return { name, subnets: subnetIds, group: securityGroupIds[0] };
    });
}

/** Services that the code calls. Lambda itself writes logs and attaches the function; files go over mount targets. */
function servicesCalled(role: string): Set<string> {
  const services = permissionsOf(stack, role)
    .filter((permission) => !permission.startsWith("Deny "))
    .map((permission) => permission.slice(0, permission.indexOf(":")));
  return new Set(services.filter((service) => !["logs", "ec2", "elasticfilesystem"].includes(service)));
}

function gatewayEgress({ routeTableIds }: Inputs, subnets: string[]): Inputs | undefined {
  const [[name] = [""]] = [...ofType(stack, "aws:ec2/vpcEndpoint:VpcEndpoint")].filter(
    ([, endpoint]) => endpoint.routeTableIds === routeTableIds,
  );
  const routed = [...ofType(stack, "aws:ec2/routeTableAssociation:RouteTableAssociation").values()]
    .filter(({ routeTableId }) => (routeTableIds as string[]).includes(String(routeTableId)))
    .map(({ subnetId }) => subnetId);
  return subnets.every((subnet) => routed.includes(subnet)) ? { prefixListId: `pl-${name}` } : undefined;
}

function interfaceEgress(endpoint: Inputs, subnets: string[]): Inputs | undefined {
  const [group = ""] = endpoint.securityGroupIds as string[];
  // Its private name leads to it from every subnet of the VPC.
  const near = (endpoint.subnetIds as string[]).some((subnet) => subnets.includes(subnet));
  const open = enters(group, 443, { cidrIpv4: "10.87.0.0/16" });
  return near && open && endpoint.privateDnsEnabled === true
    ? { referencedSecurityGroupId: group }
    : undefined;
}

function leaves(group: string, port: number, to: Inputs): boolean {
  return allows("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", group, port, to);
}

function enters(group: string, port: number, from: Inputs): boolean {
  return allows("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", group, port, from);
}

function allows(type: string, group: string, port: number, end: Inputs): boolean {
  const wanted = { securityGroupId: group, ...end, ipProtocol: "tcp", fromPort: port, toPort: port };
  return [...ofType(stack, type).values()].some((rule) =>
    Object.entries(wanted).every(([key, value]) => rule[key] === value),
  );
}
