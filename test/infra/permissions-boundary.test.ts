import { type Registered, runByPulumi } from "./support/engine.ts";
import { secrets, stackFile } from "./support/stacks.ts";

// Pulumi's own runner starts a process that bundles the functions.
jest.setTimeout(120_000);

const found = {
  "aws:ecs/getClusters:getClusters": { clusterArns: [] },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "000000000000" },
  "aws:index/getPartition:getPartition": { partition: "aws" },
  "aws:index/getRegion:getRegion": { region: "us-east-1" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { zoneIds: ["use1-az1", "use1-az2"] },
};
const boundary = "arn:aws:iam::000000000000:policy/vectorkeep-ci-boundary";

test("every role has the boundary that is set", async () => {
  const config = { ...stackFile("dev"), "deploy:permissionsBoundary": boundary };
  const run = await runByPulumi("dev", config, secrets, found);
  expect(run.messages).toEqual([]);
  const roles = run.registered.filter(({ type }) => type === "aws:iam/role:Role");
  expect(roles.length).toBeGreaterThan(8);
  expect(new Set(roles.map(boundaryOf))).toEqual(new Set([boundary]));
});

function boundaryOf({ inputs }: Registered): unknown {
  return inputs.permissionsBoundary;
}
