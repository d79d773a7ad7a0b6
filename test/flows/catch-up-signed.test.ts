import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CatchUpCaller, csvOf } from "./catch-up-caller.ts";
import { RunningStack } from "./running-stack.ts";

jest.setTimeout(300_000);

let stack: RunningStack;
let caller: CatchUpCaller;

beforeAll(async () => {
  stack = await RunningStack.start({
    "catchup:authorization": "key-and-iam",
    "catchup:sink": "s3vectors",
    "catchup:inVpc": "true",
    "network:vpcId": "vpc-10ca1",
    "network:subnetIds": '["subnet-10ca1a","subnet-10ca1b"]',
  });
  caller = await CatchUpCaller.of(stack);
});

afterAll(async () => {
  await stack?.stop();
});

/** Runs `npm run catchup -- ...`. */
function catchup(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = join(import.meta.dirname, "../../cli/catchup.ts");
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, ...args], { cwd: stack.folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

test("npm run catchup signs its requests with key-and-iam, and indexes every row of a file in S3 Vectors", async () => {
  const file = join(stack.folder, "signed.csv");
  await writeFile(file, csvOf(10));
  const { code, stdout, stderr } = await catchup(file, "--question", "7", "--namespace", "signed");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("COMPLETED");
  expect(await caller.count("signed")).toBe(10);
  expect((await caller.indexed("signed", ["7.0003"]))["7.0003"]).toMatchObject({
    text: 'Row 3 and "more"',
    amount: "1,003",
  });
  const listed = await catchup("--list", "--status", "COMPLETED");
  expect([listed.code, listed.stdout]).toEqual([
    0,
    expect.stringContaining(/task-\S+/.exec(stdout)?.[0] ?? "none"),
  ]);
});

test("a request with the API key alone is rejected", async () => {
  expect(await caller.call("GET /tasks")).toEqual({
    status: 403,
    body: { message: "Missing Authentication Token" },
  });
});

test("the function that queries Metabase runs in the subnets of network:vpcId (catchup:inVpc)", async () => {
  const { code, stdout } = await catchup("--metabase", "42", "--from", "2020-01-01", "--to", "2030-01-01");
  // Some rows of the question are there to fail.
  expect([code, stdout]).toEqual([1, expect.stringContaining("PARTIALLY_COMPLETED")]);
  const lambda = new LambdaClient({
    endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
    region: stack.outputs.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const FunctionName = caller.outputs.functions.run;
  const { VpcConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  lambda.destroy();
  expect(VpcConfig).toMatchObject({
    SubnetIds: ["subnet-10ca1a", "subnet-10ca1b"],
    SecurityGroupIds: [expect.stringMatching(/^sg-/)],
  });
});

test("the stack denied no call of its own processes", async () => {
  expect(await stack.problems()).toEqual([]);
  for (const group of Object.values(caller.outputs.logGroups)) {
    expect(await stack.logged(group, "AccessDenied")).toEqual([]);
  }
});
