import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listing } from "./support/deploy.ts";
import { type Run, runByPulumi } from "./support/engine.ts";
import { secrets, stackFile } from "./support/stacks.ts";

const found = {
  "aws:ecs/getClusters:getClusters": { clusterArns: [] },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "000000000000" },
  "aws:index/getPartition:getPartition": { partition: "aws" },
  "aws:index/getRegion:getRegion": { region: "us-east-1" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { zoneIds: ["use1-az1", "use1-az2"] },
};

describe("run by Pulumi's own runner, in a process of its own", () => {
  let run: Run;

  beforeAll(async () => {
    run = await runByPulumi("prod", stackFile("prod"), secrets, found);
  });

  test("the program registers what it declares under mocks, and ends well", () => {
    const expected = readFileSync(join(import.meta.dirname, "fixtures/prod-resources.txt"), "utf8");
    expect(run.messages).toEqual([]);
    expect(run.exitCode).toBe(0);
    expect(listing(run.registered)).toEqual(expected.trim().split("\n"));
  });

  test("the function on EFS depends on every mount target and every rule, in the engine's own words", () => {
    const { dependencies } = named("aws:lambda/function:Function", "vectorkeep-prod-compaction");
    const conditions = run.registered
      .filter(
        ({ type, name }) =>
          type === "aws:efs/mountTarget:MountTarget" ||
          (type.startsWith("aws:vpc/securityGroup") && name.startsWith("vectorkeep-prod-network-functions")),
      )
      .map(({ urn }) => urn);
    expect(conditions).toHaveLength(2 + 5);
    expect(dependencies).toEqual(expect.arrayContaining(conditions));
  });

  test("F24: the secret reaches the engine marked as one, and no output holds it", () => {
    const { inputs } = named(
      "aws:secretsmanager/secretVersion:SecretVersion",
      "vectorkeep-prod-embedding-api-key",
    );
    const secretMark = "4dabf18193072939515e22adb298388d";
    expect(inputs.secretString).toEqual({
      [secretMark]: expect.any(String),
      value: secrets["embedding:apiKey"],
    });
    expect(JSON.stringify(run.outputs)).not.toContain(secretMark);
    expect(JSON.stringify(run.outputs)).not.toContain(secrets["embedding:apiKey"]);
  });

  test("the code of a function is a folder of its own, named from the project", () => {
    const { inputs } = named("aws:lambda/function:Function", "vectorkeep-prod-compaction");
    expect(inputs.code).toMatchObject({ path: ".build/compaction" });
  });

  function named(type: string, name: string) {
    const one = run.registered.find((candidate) => candidate.type === type && candidate.name === name);
    if (one === undefined) throw new Error(`${type} ${name} was not registered.`);
    return one;
  }
});

test("a broken configuration stops the program with one message, before anything is declared", async () => {
  const run = await runByPulumi("dev", { "embedding:dimensions": "many" }, {}, found);
  expect(run.exitCode).not.toBe(0);
  expect(run.messages).toEqual([
    expect.stringMatching(
      /has 2 problems:\n {2}- embedding:dimensions .*\n {2}- embedding:apiKey is missing/,
    ),
  ]);
  expect(run.registered.map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
});
