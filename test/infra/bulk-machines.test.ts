import { spawnSync } from "node:child_process";
import { environmentFile, filledIn } from "../../infra/components/machine-files.ts";
import { bulkSecrets, deployBulk } from "./support/bulk-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

let stack: Deployment;
let userData: string;

beforeAll(async () => {
  stack = await deployBulk({ "bulk:host": "ec2", "bulk:workers": "5", "bulk:maxWorkers": "12" });
  userData = Buffer.from(String(template().userData), "base64").toString();
});

const one = (type: string) => [...ofType(stack, type).values()][0] ?? {};
const template = () => one("aws:ec2/launchTemplate:LaunchTemplate");

test("machines take the place of every Fargate service of the bulk API, behind the same load balancer", () => {
  const services = [...ofType(stack, "aws:ecs/service:Service").keys()];
  expect(services.filter((name) => name.includes("bulk"))).toEqual([]);
  const targets = [...ofType(stack, "aws:lb/targetGroup:TargetGroup")].find(([name]) =>
    name.includes("bulk"),
  );
  expect(targets?.[1]).toMatchObject({ targetType: "instance", port: 8081 });
  expect(one("aws:autoscaling/group:Group").targetGroupArns).toHaveLength(1);
});

test("a machine has no credentials to give away, an encrypted gp3 disk, and the current Amazon Linux 2023", () => {
  expect(template()).toMatchObject({
    imageId: expect.stringMatching(/^resolve:ssm:.*al2023-ami/),
    metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [{ ebs: { volumeType: "gp3", volumeSize: 30, encrypted: "true" } }],
  });
  expect(template().keyName).toBeUndefined();
});

test("nobody but the load balancer reaches a machine, and no rule is for SSH", () => {
  const rules = [...ofType(stack, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")];
  const into = rules.filter(([name]) => name.includes("bulk"));
  expect(into.map(([, { fromPort }]) => fromPort)).not.toContain(22);
  const intoMachines = into.filter(([name]) => name.endsWith("into-api"));
  expect(intoMachines.map(([, { cidrIpv4 }]) => cidrIpv4)).toEqual([undefined]);
});

test("five workers take two machines of four, twelve take three, and a change replaces them without a gap", () => {
  expect(one("aws:autoscaling/group:Group")).toMatchObject({
    minSize: 2,
    maxSize: 3,
    healthCheckType: "ELB",
    instanceRefresh: { strategy: "Rolling", preferences: { minHealthyPercentage: 100, autoRollback: true } },
  });
  expect(userData).toContain("$(seq 4)");
});

test("other code is another object, and so another version of the template", () => {
  const key = String(one("aws:s3/bucketObject:BucketObject").key);
  expect(key).toMatch(/^bulk\/bundles-[0-9a-f]{32}\.zip$/);
  expect(userData).toContain(key);
});

test("the role is that of the two programs, of sessions, of its code and its log, and of nothing else", () => {
  const policies = [...ofType(stack, "aws:iam/rolePolicy:RolePolicy")];
  const [, found] = policies.find(([name]) => name.endsWith("bulk-machine")) ?? [];
  const { Statement } = JSON.parse(String(found?.policy)) as {
    Statement: { Action: string[]; Resource: string[] }[];
  };
  const anywhere = Statement.filter(({ Resource }) => Resource.includes("*")).flatMap(({ Action }) => Action);
  expect([...new Set(anywhere)].sort()).toEqual([
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ]);
  expect(Statement.flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
});

test("the user data holds no secret, fits into 16 KB, is a valid script, and has every value filled in", () => {
  for (const secret of Object.values(bulkSecrets)) expect(userData).not.toContain(secret);
  expect(String(template().userData).length * 0.75).toBeLessThan(16_384);
  expect(spawnSync("bash", ["-n"], { input: userData, encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  const left = userData.match(/@[A-Z_]+@/g) ?? [];
  // Those that the script itself fills into nginx's configuration.
  expect(left.sort()).toEqual(["@API_PORT@", "@LISTEN@", "@RUN@", "@TRUSTED@"]);
});

test("the environments are those of the programs, with the region and a port behind nginx", () => {
  for (const line of ['PORT="8082"', 'MEMORY_MIB="2048"', 'CHUNKS_AT_ONCE="1"']) {
    expect(userData).toContain(`\n${line}\n`);
  }
  expect(userData.match(/^AWS_REGION=/gm)).toHaveLength(2);
});

test("the local stack has no machines", async () => {
  const settings = { "bulk:host": "ec2", "embedding:baseUrl": "http://127.0.0.1:4568/v1" };
  await expect(deployBulk(settings)).rejects.toThrow("bulk:host ec2 is for deployed stacks");
});

test("a shell reads every value of an environment file as it was", () => {
  const value = `a "b" 'c' $HOME \`id\` \\ {"x":1} é`;
  const { stdout } = spawnSync("bash", ["-c", `${environmentFile({ VALUE: value })}\nprintf %s "$VALUE"`], {
    encoding: "utf8",
  });
  expect(stdout).toBe(value);
  expect(() => environmentFile({ VALUE: "two\nlines" })).toThrow("several lines");
});

test("a template without a value's place is refused", () => {
  expect(filledIn("a @ONE@ b @ONE@", { ONE: "$&" })).toBe("a $& b $&");
  expect(() => filledIn("a", { ONE: "1" })).toThrow("@ONE@");
});
