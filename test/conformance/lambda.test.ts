import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  GetFunctionCommand,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  ListFunctionsCommand,
} from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { bundleFunction, place } from "../../infra/bundles/bundle.ts";
import { canIsolate } from "../../local/lambda/isolation.ts";
import { eventually, isAlive, TestAws } from "./local-aws.ts";

jest.setTimeout(30_000);

let aws: TestAws;
let lambda: LambdaClient;

beforeAll(async () => {
  aws = await TestAws.start();
  lambda = new LambdaClient(aws.client);
});

afterAll(async () => {
  lambda.destroy();
  await aws.stop();
});

async function invoke(FunctionName: string, event: unknown = {}, more: Partial<InvokeCommandInput> = {}) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...more }),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  return { ...answer, result: text === "" ? undefined : JSON.parse(text) };
}

async function logOf(name: string): Promise<string[]> {
  const logs = new CloudWatchLogsClient(aws.client);
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }),
  );
  logs.destroy();
  return events.map(({ message = "" }) => message);
}

describe("an invocation", () => {
  test("hands the event to the handler and its answer to the caller", async () => {
    await aws.createFunction("echo", { code: "export const handler = async (event) => ({ got: event });" });
    const { StatusCode, ExecutedVersion, FunctionError, result } = await invoke("echo", { a: [1, "é"] });
    expect({ StatusCode, ExecutedVersion, FunctionError, result }).toEqual({
      StatusCode: 200,
      ExecutedVersion: "$LATEST",
      FunctionError: undefined,
      result: { got: { a: [1, "é"] } },
    });
  });

  test("answers null for a handler that returns nothing", async () => {
    await aws.createFunction("silent", { code: "export const handler = async () => {};" });
    expect((await invoke("silent")).result).toBeNull();
  });

  test("gives an error of the handler as data, with FunctionError set", async () => {
    await aws.createFunction("throws", {
      code: 'export const handler = async () => { throw new TypeError("no such thing"); };',
    });
    const { StatusCode, FunctionError, result } = await invoke("throws");
    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(result).toMatchObject({ errorType: "TypeError", errorMessage: "no such thing" });
    expect(result.trace[0]).toBe("TypeError: no such thing");
  });

  test("refuses a body that is not JSON and a function that is not there", async () => {
    await aws.createFunction("there", { code: "export const handler = async () => 1;" });
    await expect(
      lambda.send(new InvokeCommand({ FunctionName: "there", Payload: Buffer.from("{") })),
    ).rejects.toMatchObject({ name: "InvalidRequestContentException" });
    await expect(invoke("nowhere")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  test("fails when the answer is larger than 6 MB", async () => {
    await aws.createFunction("large", { code: 'export const handler = async () => "x".repeat(7e6);' });
    const { FunctionError, result } = await invoke("large");
    expect(FunctionError).toBe("Unhandled");
    expect(result.errorType).toBe("Function.ResponseSizeTooLarge");
  });

  test("with DryRun checks and runs nothing", async () => {
    const notes = aws.notes("dry");
    await aws.createFunction("dry", { code: `${notes.source} export const handler = async () => note(1);` });
    expect((await invoke("dry", {}, { InvocationType: "DryRun" })).StatusCode).toBe(204);
    expect(notes.read()).toEqual([]);
  });
});

describe("an aws.lambda.Invocation", () => {
  const declare = (functionName: string, input: object) =>
    aws.create("aws:lambda/invocation:Invocation", functionName, {
      functionName,
      input: JSON.stringify(input),
      triggers: { hash: "1" },
    });

  test("runs the function while the program is deployed, and has its answer", async () => {
    await aws.createFunction("migrate", { code: "export const handler = async ({ to }) => ({ at: to });" });
    expect(await declare("migrate", { to: 7 })).toMatchObject({ result: '{"at":7}' });
  });

  test("fails the deployment with the function's own words", async () => {
    await aws.createFunction("sleepy", {
      code: 'export const handler = async () => { throw new Error("the database sleeps"); };',
    });
    await expect(declare("sleepy", {})).rejects.toThrow(/the database sleeps/);
    await expect(declare("absent", {})).rejects.toThrow(/no function absent/);
  });
});

describe("a function's process", () => {
  test("sees its own settings and Lambda's, and nothing of the process that started it", async () => {
    await aws.createFunction("surroundings", {
      code: "export const handler = async () => process.env;",
      inputs: { environment: { variables: { MINE: "1" } }, memorySize: 256 },
    });
    const { result } = await invoke("surroundings");
    expect(result).toMatchObject({
      MINE: "1",
      AWS_LAMBDA_FUNCTION_NAME: "surroundings",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/surroundings",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: aws.url,
      AWS_ENDPOINT_URL_S3: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      _HANDLER: "index.handler",
    });
    expect(result.AWS_ENDPOINT_URL_S3).not.toBe(aws.url);
    expect(result.OF_THE_PARENT).toBeUndefined();
  });

  test("is kept warm for the next invocation, and is doubled for a second one at the same time", async () => {
    await aws.createFunction("warm", {
      code: `let calls = 0;
        export const handler = async ({ wait }) => {
          await new Promise((resolve) => setTimeout(resolve, wait));
          return { pid: process.pid, calls: ++calls };
        };`,
    });
    const first = (await invoke("warm", { wait: 0 })).result;
    const second = (await invoke("warm", { wait: 0 })).result;
    expect(second).toEqual({ pid: first.pid, calls: 2 });
    const together = await Promise.all([invoke("warm", { wait: 300 }), invoke("warm", { wait: 300 })]);
    expect(new Set(together.map(({ result }) => result.pid)).size).toBe(2);
  });

  test("has a /tmp of its own that goes with it, and code that it cannot change", async () => {
    const code = `import { readdirSync, writeFileSync } from "node:fs";
      import { tmpdir } from "node:os";
      export const handler = async ({ end, name }) => {
        if (end) process.exit(0);
        writeFileSync("/tmp/" + name, "x");
        const refused = (() => { try { writeFileSync("changed", "x"); } catch (error) { return error.code; } })();
        return { refused, tmpdir: tmpdir(), files: readdirSync("/tmp").filter((each) => each.startsWith("file-")) };
      };`;
    await aws.createFunction("scratch", { code });
    await aws.createFunction("neighbour", { code });
    const seen = async (name: string, file: string) => (await invoke(name, { name: file })).result;
    const first = { refused: "EROFS", tmpdir: "/tmp", files: ["file-1"] };
    if (canIsolate()) {
      expect(await seen("scratch", "file-1")).toEqual(first);
      expect(await seen("scratch", "file-2")).toEqual({ ...first, files: ["file-1", "file-2"] });
      expect((await seen("neighbour", "file-3")).files).toEqual(["file-3"]);
      await invoke("scratch", { end: true });
      expect((await seen("scratch", "file-4")).files).toEqual(["file-4"]);
      expect(existsSync("/tmp/file-1")).toBe(false);
    } else {
      expect((await seen("scratch", "file-1")).tmpdir).toContain("scratch");
      rmSync("/tmp/file-1", { force: true });
    }
  });

  test("that exits fails the invocation, and the next one starts afresh", async () => {
    await aws.createFunction("exits", {
      code: 'export const handler = async ({ exit }) => (exit ? process.exit(3) : "fine");',
    });
    const { FunctionError, result } = await invoke("exits", { exit: true });
    expect(FunctionError).toBe("Unhandled");
    expect(result.errorType).toBe("Runtime.ExitError");
    expect(result.errorMessage).toMatch(/Runtime exited with error: exit status 3/);
    expect((await invoke("exits")).result).toBe("fine");
  });

  test("that is killed fails the invocation, as one that ran out of memory does", async () => {
    await aws.createFunction("killed", {
      code: "export const handler = async () => process.kill(process.pid, 'SIGKILL');",
    });
    await aws.createFunction("greedy", {
      code: "export const handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); };",
      inputs: { memorySize: 128, timeout: 25 },
    });
    expect((await invoke("killed")).result.errorMessage).toMatch(/signal: killed/);
    expect((await invoke("greedy")).result.errorType).toBe("Runtime.ExitError");
  });

  test("that cannot load its code says why", async () => {
    await aws.createFunction("broken", { code: 'throw new Error("no settings"); export const handler = 1;' });
    const { FunctionError, result } = await invoke("broken");
    expect(FunctionError).toBe("Unhandled");
    expect(result.errorMessage).toBe("no settings");
  });

  test("names file and line of the source where its bundle has a source map", async () => {
    const code = await place(
      await bundleFunction("catch-up-settle", {}),
      join(aws.folder, "bundles", "with-source-map"),
    );
    await aws.createFunction("mapped", { code: "", inputs: { code } });
    const { result } = await invoke("mapped");
    expect(result.errorType).toBe("EnvironmentInvalidError");
    expect(result.trace.join("\n")).toMatch(/readEnvironment .*core\/settings\/environment\.ts:\d+:\d+/);
  });

  test("may not have a handler with a callback", async () => {
    await aws.createFunction("callback", {
      code: "export const handler = (event, context, callback) => callback(null, 1);",
    });
    expect((await invoke("callback")).result.errorType).toBe("Runtime.CallbackHandlerDeprecated");
  });

  test("ends with an unhandled rejection, and takes no further work", async () => {
    await aws.createFunction("rejects", {
      code: `export const handler = async ({ reject }) => {
          if (reject) { Promise.reject(new Error("forgotten")); await new Promise((resolve) => setTimeout(resolve, 1000)); }
          return "fine";
        };`,
    });
    const { result } = await invoke("rejects", { reject: true });
    expect(result).toMatchObject({
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "forgotten",
    });
    expect((await invoke("rejects")).result).toBe("fine");
  });

  test("calls AWS as its role: what no policy allows is refused", async () => {
    await aws.create("aws:sqs/queue:Queue", "private", { name: "private" });
    // A signed call by hand: a bundle of the SDK would make the test slow.
    const code = `export const handler = async () => {
      const scope = process.env.AWS_ACCESS_KEY_ID + "/20260101/us-east-1/sqs/aws4_request";
      const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
        method: "POST",
        headers: {
          authorization: "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=0",
          "x-amz-target": "AmazonSQS.SendMessage",
          "content-type": "application/x-amz-json-1.0",
        },
        body: JSON.stringify({ QueueUrl: process.env.AWS_ENDPOINT_URL + "/000000000000/private", MessageBody: "hi" }),
      });
      return { status: answer.status, body: await answer.text() };
    };`;
    const allow = [{ Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:000000000000:private" }];
    await aws.createFunction("forbidden", { code });
    await aws.createFunction("allowed", { code, allow });
    const refused = (await invoke("forbidden")).result;
    expect(refused.status).toBe(403);
    expect(refused.body).toContain("is not authorized to perform: sqs:SendMessage");
    expect((await invoke("allowed")).result.status).toBe(200);
  });

  test("sees the folder of a file system where its settings name the mount path", async () => {
    const fileSystem = await aws.create("aws:efs/fileSystem:FileSystem", "files");
    await aws.create("aws:efs/mountTarget:MountTarget", "files", {
      fileSystemId: fileSystem.id,
      subnetId: "subnet-1",
      securityGroups: ["sg-1"],
    });
    const accessPoint = await aws.create("aws:efs/accessPoint:AccessPoint", "files", {
      fileSystemId: fileSystem.id,
      rootDirectory: { path: "/inside" },
    });
    await aws.createFunction("mounted", {
      code: "export const handler = async () => process.env;",
      allow: [{ Action: "ec2:CreateNetworkInterface", Resource: "*" }],
      inputs: {
        environment: { variables: { A: "/mnt/files", B: "/mnt/files/deep", C: "/mnt/filesystem" } },
        vpcConfig: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
        fileSystemConfig: { arn: accessPoint.arn, localMountPath: "/mnt/files" },
      },
    });
    const { result } = await invoke("mounted");
    expect(result.A).toMatch(new RegExp(`/efs/${fileSystem.id}/inside$`));
    expect(result.B).toBe(`${result.A}/deep`);
    expect(result.C).toBe("/mnt/filesystem");
  });
});

describe("the time limit", () => {
  test("is passed to the handler, and ends the process when it is reached", async () => {
    await aws.createFunction("slow", {
      code: `export const handler = async ({ wait }, context) => {
          const before = context.getRemainingTimeInMillis();
          await new Promise((resolve) => setTimeout(resolve, wait));
          return { before, after: context.getRemainingTimeInMillis(), pid: process.pid };
        };`,
      inputs: { timeout: 1 },
    });
    const { result } = await invoke("slow", { wait: 200 });
    expect(result.before).toBeGreaterThan(800);
    expect(result.before).toBeLessThanOrEqual(1000);
    expect(result.before - result.after).toBeGreaterThanOrEqual(190);
    const late = await invoke("slow", { wait: 60_000 });
    expect(late.FunctionError).toBe("Unhandled");
    expect(late.result.errorMessage).toMatch(/Task timed out after 1.00 seconds$/);
    expect(isAlive(result.pid)).toBe(false);
    await eventually(async () =>
      expect((await logOf("slow")).join()).toMatch(/[0-9a-f-]{36} Task timed out after 1.00 seconds/),
    );
  });

  test("ends with the process all that it started", async () => {
    await aws.createFunction("parent", {
      code: `import { spawn } from "node:child_process";
        console.log("child " + spawn("sleep", ["600"]).pid);
        export const handler = () => new Promise(() => setInterval(() => {}, 1000));`,
      inputs: { timeout: 1 },
    });
    await invoke("parent");
    const child = await eventually(async () => {
      const pid = /child (\d+)/.exec((await logOf("parent")).join())?.[1];
      if (pid === undefined) throw new Error("not logged yet");
      return Number(pid);
    });
    await eventually(() => expect(isAlive(child)).toBe(false));
  });
});

describe("reserved concurrency", () => {
  test("throttles what exceeds it", async () => {
    await aws.createFunction("single", {
      code: "export const handler = () => new Promise((resolve) => setTimeout(resolve, 1000, 1));",
      inputs: { reservedConcurrentExecutions: 1 },
    });
    const outcomes = await Promise.allSettled([invoke("single"), invoke("single")]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { name: "TooManyRequestsException" },
    });
  });
});

describe("the log", () => {
  test("has every line of the invocation between START and END, and a REPORT", async () => {
    await aws.createFunction("talks", {
      code: `console.log("loading");
        export const handler = async () => {
          console.log("one\\ntwo");
          process.stdout.write("plain\\n");
          console.error(new Error("odd"));
        };`,
    });
    await invoke("talks");
    const lines = await eventually(async () => {
      const found = await logOf("talks");
      expect(found.at(-1)).toMatch(/^REPORT /);
      return found;
    });
    const positions = [
      /\tINFO\tloading/,
      /^START /,
      /\tINFO\tone\ntwo/,
      /^plain$/,
      /\tERROR\tError: odd\n/,
      /^END /,
    ].map((pattern) => lines.findIndex((line) => pattern.test(line)));
    expect(positions).not.toContain(-1);
    expect(positions[0]).toBeLessThan(positions[1] ?? -1);
    expect(positions[5]).toBe(lines.length - 2);
    expect(lines.at(-1)).toMatch(
      /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms$/,
    );
  });

  test("comes with the answer when LogType is Tail", async () => {
    await aws.createFunction("tail", { code: 'export const handler = async () => console.log("said");' });
    const { LogResult = "" } = await invoke("tail", {}, { LogType: "Tail" });
    expect(Buffer.from(LogResult, "base64").toString()).toMatch(
      /^START .*\n.*\tINFO\tsaid\nEND .*\nREPORT /s,
    );
  });

  test("is lost when the role may not write it, and the stack's problems say so", async () => {
    await aws.createFunction("mute", { code: "export const handler = async () => 1;", mayLog: false });
    await invoke("mute");
    await eventually(async () =>
      expect((await aws.problems()).join()).toMatch(/\/aws\/lambda\/mute were lost: .*not authorized/),
    );
  });
});

describe("an asynchronous invocation", () => {
  test("is tried three times under one request id, then sent to the on-failure destination", async () => {
    const notes = aws.notes("async");
    const queue = await aws.create("aws:sqs/queue:Queue", "failed", { name: "failed" });
    await aws.createFunction("fails-later", {
      code: `${notes.source}
        export const handler = async (event, context) => { note(context.awsRequestId); throw new Error("again"); };`,
      allow: [{ Action: "sqs:SendMessage", Resource: queue.arn ?? "" }],
    });
    await aws.create("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "fails-later", {
      functionName: "fails-later",
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: queue.arn } },
    });
    expect((await invoke("fails-later", { n: 1 }, { InvocationType: "Event" })).StatusCode).toBe(202);
    const sqs = new SQSClient(aws.client);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 15 }),
    );
    sqs.destroy();
    const attempts = notes.read<string>();
    expect(attempts).toHaveLength(3);
    expect(new Set(attempts).size).toBe(1);
    expect(JSON.parse(Messages[0]?.Body ?? "{}")).toMatchObject({
      requestContext: { requestId: attempts[0], condition: "RetriesExhausted", approximateInvokeCount: 3 },
      requestPayload: { n: 1 },
      responsePayload: { errorMessage: "again" },
    });
  });
});

describe("what a function is", () => {
  test("is returned by GetFunction and ListFunctions", async () => {
    await aws.createFunction("known", {
      code: "export const handler = async () => 1;",
      inputs: { timeout: 7, memorySize: 512 },
    });
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: "known" }));
    expect(Configuration).toMatchObject({
      Timeout: 7,
      MemorySize: 512,
      Runtime: "nodejs24.x",
      State: "Active",
    });
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    expect(Functions.map(({ FunctionName }) => FunctionName)).toContain("known");
  });

  test.each([
    ["a reserved variable", { environment: { variables: { AWS_REGION: "x" } } }, /reserves .*AWS_REGION/],
    ["too large an environment", { environment: { variables: { A: "x".repeat(4096) } } }, /4096 bytes/],
    ["a time limit over 15 minutes", { timeout: 901 }, /timeout/],
    [
      "a VPC without the permission to attach to it",
      { vpcConfig: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] } },
      /CreateNetworkInterface/,
    ],
    ["a setting that the local Lambda does not have", { snapStart: { applyOn: "x" } }, /snapStart/],
  ])("is refused at creation with %s", async (what, inputs, problem) => {
    const name = what.replace(/\W+/g, "-");
    const created = aws.createFunction(name, { code: "export const handler = async () => 1;", inputs });
    await expect(created).rejects.toThrow(problem);
  });
});

test("processes end with the stack, even when it is killed", async () => {
  const other = await TestAws.start();
  await other.createFunction("orphan", {
    code: "export const handler = async ({ busy }) => { if (busy) await new Promise(() => setInterval(() => {}, 1000)); return process.pid; };",
    inputs: { timeout: 60 },
  });
  const client = new LambdaClient(other.client);
  const busy = client.send(
    new InvokeCommand({ FunctionName: "orphan", Payload: Buffer.from('{"busy":true}') }),
  );
  busy.catch(() => {});
  const pids = await eventually(async () => {
    await client.send(new InvokeCommand({ FunctionName: "orphan" }));
    const both = await other.processesOf("orphan");
    expect(both).toHaveLength(2);
    return both;
  });
  other.process.kill("SIGKILL");
  await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
  client.destroy();
  await other.stop();
});
