import { execFileSync } from "node:child_process";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { BulkClient } from "../../cli/bulk/client.ts";
import { isOver, type ShownTask } from "../../cli/catchup/client.ts";
import { Embeddings } from "../faults/catch-up/embeddings.ts";
import { TestBroker } from "../integration/bulk/brokers.ts";
import { CatchUpCaller } from "./catch-up-caller.ts";
import { eventually } from "./eventually.ts";
import { RunningStack } from "./running-stack.ts";

jest.setTimeout(900_000);

const rowCount = 2_000;
/** Of one request to the provider, so that a task of twenty chunks is under way for a while. */
const requestMs = 400;
const csv = [
  "id,formatted_text",
  ...Array.from({ length: rowCount }, (_, row) => `${row},text ${row}`),
  "",
].join("\n");

let broker: TestBroker;
let embeddings: Embeddings;
let stack: RunningStack;
let client: BulkClient;
let caller: CatchUpCaller;

beforeAll(async () => {
  broker = await TestBroker.start("postgres");
  embeddings = await Embeddings.start();
  embeddings.takesMs = requestMs;
  stack = await RunningStack.start({
    "bulk:enabled": "true",
    "embedding:baseUrl": embeddings.baseUrl,
    "bulk:redisUrl": broker.local.url,
    "bulk:workers": "2",
    "bulk:watchSeconds": "5",
  });
  const { bulk } = stack.outputs;
  if (bulk === undefined) throw new Error("The stack has no bulk API.");
  const secrets = new SecretsManagerClient({
    endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
    region: stack.outputs.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const { SecretString = "" } = await secrets.send(
    new GetSecretValueCommand({ SecretId: bulk.apiKeySecret }),
  );
  client = new BulkClient(bulk.url, SecretString);
  caller = await CatchUpCaller.of(stack);
  await eventually(120, async () => expect((await client.health()).workers.active).toBe(2));
});

afterAll(async () => {
  await stack?.stop();
  await embeddings?.stop();
  await broker?.stop();
});

/** Starts a task over the file, under a question of its own. */
async function start(question: string, more: object = {}): Promise<string> {
  const Key = `${question}.csv`;
  await stack.s3.send(new PutObjectCommand({ Bucket: caller.outputs.sourceBucket, Key, Body: csv }));
  const request = {
    data_source: "s3_csv",
    s3_key: Key,
    question_id: question,
    all_dates: true,
    namespace: question,
  };
  return client.start({ ...request, chunk_size: 100, ...more });
}

function ended(taskId: string): Promise<ShownTask> {
  return eventually(240, async () => {
    const task = await client.status(taskId);
    expect(isOver(task)).toBe(true);
    return task;
  });
}

async function expectEveryRowOnce(task: ShownTask, question: string): Promise<void> {
  expect(task).toMatchObject({
    status: "COMPLETED",
    progress: {
      total_records: rowCount,
      processed_records: rowCount,
      failed_records: 0,
      duplicate_records: 0,
    },
  });
  expect(await caller.count(question)).toBe(rowCount);
}

/** Process ids of a service of this stack. */
function pidsOf(service: "bulk-api" | "bulk-worker"): number[] {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line.includes(stack.folder) && line.includes(`-${service}/`))
    .map((line) => Number.parseInt(line, 10));
}

/** Resolves once some rows, and not all, are in the index. */
async function underWay(taskId: string): Promise<void> {
  await eventually(120, async () => {
    const { progress } = await client.status(taskId);
    expect(progress.chunks_completed).toBeGreaterThan(0);
  });
}

test("a file goes through the API and the workers into the index, every row once", async () => {
  await expectEveryRowOnce(await ended(await start("plain")), "plain");
});

test("SIGKILL of every worker and of the API in mid-run loses no row and counts none twice", async () => {
  const id = await start("killed");
  await underWay(id);
  const killed = [...pidsOf("bulk-worker"), ...pidsOf("bulk-api")];
  expect(killed).toHaveLength(3);
  for (const pid of killed) process.kill(pid, "SIGKILL");
  await expectEveryRowOnce(await ended(id), "killed");
});

test("SIGKILL of the broker in mid-run, with two tasks at once, loses no row", async () => {
  const ids = [await start("first"), await start("second", { priority: "high" })];
  await underWay(ids[1] ?? "");
  broker.local.kill();
  for (const [at, question] of ["first", "second"].entries()) {
    await expectEveryRowOnce(await ended(ids[at] ?? ""), question);
  }
});

test("SIGTERM, as a deployment sends it, lets the workers finish and loses no row", async () => {
  const id = await start("deployed");
  await underWay(id);
  const stopped = pidsOf("bulk-worker");
  expect(stopped).toHaveLength(2);
  expect(isOver(await client.status(id))).toBe(false);
  for (const pid of stopped) process.kill(pid, "SIGTERM");
  await eventually(60, async () =>
    expect(pidsOf("bulk-worker").filter((pid) => stopped.includes(pid))).toEqual([]),
  );
  await expectEveryRowOnce(await ended(id), "deployed");
});

test("a provider that fails, and then limits the rate, delays the rows and loses none", async () => {
  const id = await start("limited");
  await underWay(id);
  let refused = 0;
  embeddings.instead = () => {
    refused += 1;
    if (refused > 12) return undefined;
    return refused % 2 === 0
      ? { status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow down" } } }
      : { status: 503, body: { error: { message: "away" } } };
  };
  await expectEveryRowOnce(await ended(id), "limited");
  embeddings.instead = () => undefined;
  expect(refused).toBeGreaterThan(12);
});

test("a spent quota ends the task with the reason", async () => {
  const id = await start("spent");
  await underWay(id);
  embeddings.instead = () => ({
    status: 429,
    body: { error: { message: "You exceeded your current quota", code: "insufficient_quota" } },
  });
  const task = await ended(id);
  embeddings.instead = () => undefined;
  expect(task).toMatchObject({ status: "FAILED", error: expect.stringContaining("quota") });
});

test("a task that is cancelled in mid-run stays so, and its rows are not processed on", async () => {
  const id = await start("cancelled");
  await underWay(id);
  await client.cancel(id);
  const task = await ended(id);
  expect(task.status).toBe("CANCELLED");
  expect(task.progress.processed_records).toBeLessThan(rowCount);
});
