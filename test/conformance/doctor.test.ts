import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { checksOf } from "../../cli/doctor/checks-of-stack.ts";
import { reportLines } from "../../cli/doctor/report.ts";
import { stackOutputs } from "../../cli/target.ts";
import { type Checked, runChecks, statusOf } from "../../core/doctor/check.ts";
import { eventually } from "./local-aws.ts";
import { QuietStack } from "./quiet-stack.ts";

jest.setTimeout(600_000);

const dimensions = 512;

/** The providers of the stack, as they answer at the moment. */
const providers = { takesKey: true, indexDimension: dimensions, variables: ["start_date", "end_date"] };

let stack: QuietStack;
let server: Server;
let formerEnvironment: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    await readText(request);
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (!providers.takesKey) return json(401, { error: { message: "Incorrect API key provided" } });
    if (request.url?.endsWith("/embeddings")) {
      const embedding = Buffer.from(new Float32Array(dimensions).fill(0.5).buffer).toString("base64");
      return json(200, { data: [{ index: 0, embedding }], usage: { prompt_tokens: 1, total_tokens: 1 } });
    }
    if (request.url?.endsWith("/describe_index_stats")) {
      return json(200, { dimension: providers.indexDimension, namespaces: {}, totalVectorCount: 0 });
    }
    const tags = providers.variables.map((name) => [name, { name, type: "date" }]);
    return json(200, { dataset_query: { native: { "template-tags": Object.fromEntries(tags) } } });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stack = await QuietStack.start({
    "alarms:email": "on-call@example.org",
    "embedding:baseUrl": `${origin}/v1`,
    "catchup:pineconeHost": `${origin}/hosts/records`,
    "catchup:metabaseUrl": origin,
  });
  formerEnvironment = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: stack.url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  });
});
afterAll(async () => {
  process.env = formerEnvironment;
  await stack.stop();
  server.closeAllConnections();
  server.close();
});

async function doctor(maxMs = 20_000): Promise<Record<string, Checked["findings"]>> {
  const checked = await runChecks(checksOf(stackOutputs.parse(stack.outputs), maxMs), maxMs);
  return Object.fromEntries(checked.map(({ check, findings }) => [check, findings]));
}

const statuses = (findings: Checked["findings"] | undefined) => findings?.map(({ status }) => status);

test("a new stack passes every check except the unconfirmed mail subscription", async () => {
  const found = await doctor();
  expect(found.embedding).toEqual([
    {
      status: "ok",
      says: expect.stringMatching(/universal-sentence-encoder-lite with 512 dimensions/),
    },
  ]);
  expect(found.index).toEqual([{ status: "ok", says: expect.stringMatching(/has 512 dimensions/) }]);
  expect(found.question).toEqual([
    { status: "ok", says: expect.stringMatching(/question 42 accepts dates/) },
  ]);
  expect(found.stream).toEqual([{ status: "ok", says: expect.stringMatching(/NEW_AND_OLD_IMAGES/) }]);
  expect(found.alarms).toEqual([
    expect.objectContaining({
      status: "fail",
      says: expect.stringMatching(/^on-call@example\.org \(email\) has not confirmed/),
      todo: expect.any(String),
    }),
  ]);
  expect(found.files).toEqual(
    [
      /is available and encrypted/,
      /throughput is elastic/,
      /^EFS meters \d+\.\d MB; the kept generations take 0\.0 MB\.$/,
      /^(\d) of \1 mount targets are available/,
      /^Its security group sg-\w+ allows NFS \(2049\) from the functions/,
      /No lifecycle/,
      /AWS Backup keeps daily copies/,
    ].map((says) => ({ status: "ok", says: expect.stringMatching(says) })),
  );
});

test("F35: an index of another dimension, a question without dates and an invalid key are reported, each by its own check", async () => {
  Object.assign(providers, { indexDimension: 1536, variables: [] });
  const mismatched = await doctor();
  expect(statuses(mismatched.embedding)).toEqual(["ok"]);
  expect(mismatched.index).toEqual([
    expect.objectContaining({
      status: "fail",
      says: expect.stringMatching(/has 1536 dimensions, but the stack embeds 512/),
    }),
  ]);
  expect(statuses(mismatched.question)).toEqual(["warn"]);
  providers.takesKey = false;
  const dead = await doctor();
  providers.takesKey = true;
  for (const check of ["embedding", "index", "question"]) {
    expect([check, statuses(dead[check])]).toEqual([check, ["fail"]]);
  }
  expect(JSON.stringify(dead)).not.toContain("made-up-for-a-test-of-the-alarms");
  expect(statuses(dead.stream)).toEqual(["ok"]);
});

test("a sweep gauges what the file system is billed for, under the sweeper's own role", async () => {
  const lambda = new LambdaClient(stack.client);
  const { sweeper } = stackOutputs.parse(stack.outputs).functions;
  const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName: sweeper }));
  lambda.destroy();
  expect([FunctionError, Buffer.from(Payload ?? []).toString()]).toEqual([undefined, "null"]);
  for (const metric of ["FileSystemBytes", "FileSystemBytesUnaccounted"]) {
    await eventually(async () =>
      expect([metric, await maximumOf(metric)]).toEqual([metric, expect.any(Number)]),
    );
  }
});

async function maximumOf(MetricName: string): Promise<number | undefined> {
  const cloudWatch = new CloudWatchClient(stack.client);
  const { Datapoints } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace: "vectorkeep-local",
      MetricName,
      Dimensions: [{ Name: "service", Value: "sweeper" }],
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 7200,
      Statistics: ["Maximum"],
    }),
  );
  cloudWatch.destroy();
  return Datapoints?.[0]?.Maximum;
}

test("the report has a line per finding, with what to do below those that need it", () => {
  const checked: Checked[] = [
    { check: "stream", findings: [{ status: "ok", says: "It flows." }] },
    { check: "files", findings: [{ status: "warn", says: "It is\nlarge.", todo: "Look." }] },
  ];
  expect(statusOf(checked)).toBe("warn");
  expect(reportLines(checked)).toEqual([
    "ok    stream  It flows.",
    "warn  files   It is large.",
    "              -> Look.",
    "",
    "All checks passed, with warnings.",
  ]);
});
