import { finishWithinMs, tidyWithinMs } from "../../core/collections/host/shutdown.ts";
import { type Deployment, listing, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

const config = { "compaction:host": "ecs" };
const worker = "vectorkeep-dev-compaction-worker";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("dev", { config, slow: ["aws:lambda/eventSourceMapping:EventSourceMapping"] });
});

/** Whether the function is given messages, and how many tasks take them. */
function compacting(deployment: Deployment) {
  const mappings = [...ofType(deployment, "aws:lambda/eventSourceMapping:EventSourceMapping")]
    .filter(([, { functionName }]) => String(functionName).endsWith("-compaction"))
    .map(([, { enabled }]) => enabled);
  const services = [...ofType(deployment, "aws:ecs/service:Service")]
    .filter(([name]) => name.endsWith("-compaction-worker"))
    .map(([, { desiredCount }]) => desiredCount);
  return { mappings, services };
}

function containerOf(deployment: Deployment) {
  const task = ofType(deployment, "aws:ecs/taskDefinition:TaskDefinition").get(worker);
  return JSON.parse(String(task?.containerDefinitions))[0];
}

test.each(["1", "3"])("exactly one of the function and the worker compacts %s shards", async (shards) => {
  const split = { "compaction:collectionShards": shards };
  const all = (enabled: boolean) => Array(2 * Number(shards)).fill(enabled);
  const byDefault = compacting(await deployStack("dev", { config: split }));
  expect(byDefault).toEqual({ mappings: all(true), services: [] });
  const onEcs = compacting(await deployStack("dev", { config: { ...config, ...split } }));
  expect(onEcs).toEqual({ mappings: all(false), services: [1] });
});

test("back on the function, it is given no messages in the deployment that deletes the worker", async () => {
  const clusters = (name: string) => ({
    "aws:ecs/getClusters:getClusters": () => ({
      clusterArns: [`arn:aws:ecs:us-east-1:000000000000:cluster/${name}`],
    }),
  });
  const deleting = compacting(await deployStack("dev", { found: clusters(worker) }));
  expect(deleting).toEqual({ mappings: [false, false], services: [] });
  const beside = compacting(await deployStack("dev", { found: clusters(`of-another-${worker}`) }));
  expect(beside).toEqual({ mappings: [true, true], services: [] });
});

test("a switch makes and unmakes the worker only, and the function stays as it is", async () => {
  const before = listing((await deployStack("prod")).resources);
  const after = listing((await deployStack("prod", { config })).resources);
  expect(before.filter((one) => !after.includes(one))).toEqual([]);
  expect(after.filter((one) => !before.includes(one) && !one.includes("compaction-worker"))).toEqual([]);
});

test("errors of the worker set off an alarm, as errors of the function do", async () => {
  const alarms = ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(alarms.get("vectorkeep-dev-compaction-worker-errors")).toMatchObject({
    metricName: "WorkerErrors",
    dimensions: { service: "compaction" },
    alarmDescription: expect.stringContaining("docs/runbooks/errors.md"),
  });
});

test("the worker takes messages only after the function is given none, and never beside its successor", () => {
  const service = `start aws:ecs/service:Service ${worker}`;
  const mappings = stack.events.filter((event) =>
    /^done .*vectorkeep-dev-compaction-(lines|words)$/.test(event),
  );
  expect(mappings).toHaveLength(2);
  for (const mapping of mappings)
    expect(stack.events.indexOf(mapping)).toBeLessThan(stack.events.indexOf(service));
  expect(ofType(stack, "aws:ecs/service:Service").get(worker)).toMatchObject({
    deploymentMinimumHealthyPercent: 0,
    deploymentMaximumPercent: 100,
  });
});

test("the worker may do what the function may, but for what only Lambda does", () => {
  const lambdas = /^(Deny )?(ec2|logs):|^sqs:GetQueueAttributes/;
  // What folds may do, publishes may too.
  const functions = permissionsOf(stack, "vectorkeep-dev-fold");
  expect(permissionsOf(stack, `${worker}-run`)).toEqual(functions.filter((one) => !lambdas.test(one)));
});

test("the worker has the function's environment, and a metrics namespace", () => {
  const { environment } =
    ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-compaction") ?? {};
  const { variables } = environment as { variables: Record<string, string> };
  const told: { name: string; value: string }[] = containerOf(stack).environment;
  expect(Object.fromEntries(told.map(({ name, value }) => [name, value]))).toEqual({
    ...variables,
    SHARDS_AT_ONCE: "2",
    CYCLE_HOURS: "6",
  });
});

test("the worker has the configured size, and time to return its messages to the queue before it is killed", async () => {
  const size = {
    "compaction:workerCpu": "8192",
    "compaction:workerMemoryMiB": "61440",
    "compaction:workerScratchGiB": "100",
  };
  const large = await deployStack("dev", { config: { ...config, ...size } });
  expect(ofType(large, "aws:ecs/taskDefinition:TaskDefinition").get(worker)).toMatchObject({
    cpu: "8192",
    memory: "61440",
    ephemeralStorage: { sizeInGib: 100 },
  });
  const { stopTimeout } = containerOf(large);
  expect(stopTimeout).toBeLessThanOrEqual(120);
  expect(finishWithinMs + tidyWithinMs).toBeLessThan(stopTimeout * 1000);
});

test("the worker mounts the collections to write, and nothing reaches it from outside", () => {
  expect(containerOf(stack)).toMatchObject({
    mountPoints: [{ sourceVolume: "collections", containerPath: "/mnt/collections", readOnly: false }],
  });
  expect(containerOf(stack)).not.toHaveProperty("portMappings");
  expect(ofType(stack, "aws:ecs/service:Service").get(worker)?.networkConfiguration).toEqual({
    subnets: ["vectorkeep-dev-network-public-1-id", "vectorkeep-dev-network-public-2-id"],
    securityGroups: [`${worker}-tasks-id`],
    assignPublicIp: true,
  });
  const rulesOf = (way: "In" | "E") =>
    [...ofType(stack, `aws:vpc/securityGroup${way}gressRule:SecurityGroup${way}gressRule`).values()].filter(
      ({ securityGroupId }) => securityGroupId === `${worker}-tasks-id`,
    );
  expect(rulesOf("In")).toEqual([]);
  expect(
    rulesOf("E")
      .map(({ fromPort, toPort }) => [fromPort, toPort])
      .sort(),
  ).toEqual([
    [2049, 2049],
    [443, 443],
  ]);
});

test("the outputs name the worker's log where there is one", async () => {
  expect(stack.outputs.logGroups).toMatchObject({ compactionWorker: "/vectorkeep/dev/compaction-worker" });
  expect((await deployStack("dev")).outputs.logGroups).not.toHaveProperty("compactionWorker");
});
