import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import fc from "fast-check";
import { BulkClient } from "../../cli/bulk/client.ts";
import { isOver, type ShownTask } from "../../cli/catchup/client.ts";
import { openBroker } from "../../core/bulk/broker/broker.ts";
import { type ChunkJob, queueNames, type TaskJob } from "../../core/bulk/broker/jobs.ts";
import type { LoopbackServer } from "../../local/loopback-server.ts";
import { startPineconeServer } from "../../local/pinecone/server.ts";
import { Between } from "../faults/catch-up/between.ts";
import { Embeddings } from "../faults/catch-up/embeddings.ts";
import { nightly } from "../faults/nightly.ts";
import { all, faultTest, type Random, sampled } from "../faults/seeds.ts";
import { TestBroker } from "../integration/bulk/brokers.ts";
import { CatchUpCaller } from "./catch-up-caller.ts";
import { eventually } from "./eventually.ts";
import { RunningStack } from "./running-stack.ts";

jest.setTimeout(all ? 3_600_000 : 900_000);

const rowCount = 2_000;
/** Of the queues: project and stack. */
const namespace = "vectorkeep-local";
/** Of one request to the provider, so that a task of twenty chunks is under way for a while. */
const requestMs = 400;
const csv = csvOf(rowCount, "text");

function csvOf(rows: number, text: string): string {
  const lines = Array.from({ length: rows }, (_, row) => `${row},${text} ${row}`);
  return ["id,formatted_text", ...lines, ""].join("\n");
}

let broker: TestBroker;
let pineconeServer: LoopbackServer;
let pinecone: Between;
let embeddings: Embeddings;
let stack: RunningStack;
let client: BulkClient;
let apiKey: string;
let caller: CatchUpCaller;

beforeAll(async () => {
  broker = await TestBroker.start("postgres");
  embeddings = await Embeddings.start();
  embeddings.takesMs = requestMs;
  pineconeServer = await startPineconeServer({ port: 0, indexes: [{ name: "records", dimension: 512 }] });
  pinecone = await Between.start(pineconeServer.url);
  stack = await RunningStack.start({
    "bulk:enabled": "true",
    "catchup:pineconeHost": `${pinecone.url}/hosts/records`,
    "embedding:baseUrl": embeddings.baseUrl,
    "bulk:redisUrl": broker.local.url,
    "bulk:workers": "2",
    "bulk:watchSeconds": "5",
    "bulk:board": "true",
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
  apiKey = SecretString;
  client = new BulkClient(bulk.url, apiKey);
  caller = await CatchUpCaller.of(stack);
  await eventually(120, async () => expect((await client.health()).workers.active).toBe(2));
});

afterAll(async () => {
  await stack?.stop();
  await embeddings?.stop();
  await pinecone?.stop();
  await pineconeServer?.close();
  await broker?.stop();
});

beforeEach(() => {
  embeddings.instead = () => undefined;
  pinecone.interfere = () => undefined;
});

/** Starts a task over the file, under a question of its own. */
async function start(question: string, more: object = {}, body = csv): Promise<string> {
  const Key = `${question}.csv`;
  await stack.s3.send(new PutObjectCommand({ Bucket: caller.outputs.sourceBucket, Key, Body: body }));
  const request = {
    data_source: "s3_csv",
    s3_key: Key,
    question_id: question,
    all_dates: true,
    namespace: question,
  };
  return client.start({ ...request, chunk_size: 100, ...more });
}

function ended(taskId: string, seconds = 240): Promise<ShownTask> {
  return eventually(seconds, async () => {
    const task = await client.status(taskId);
    expect(isOver(task)).toBe(true);
    return task;
  });
}

async function expectEveryRowOnce(task: ShownTask, question: string, rows = rowCount): Promise<void> {
  expect(task).toMatchObject({
    status: "COMPLETED",
    progress: {
      total_records: rows,
      processed_records: rows,
      failed_records: 0,
      filtered_records: 0,
      duplicate_records: 0,
    },
  });
  expect(await caller.count(question)).toBe(rows);
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

test("the bundled API serves the pages of its queues", async () => {
  const root = new URL("/admin/queues/", stack.outputs.bulk?.url);
  const page = await fetch(root, { headers: { "x-api-key": apiKey } });
  const script = /src="(static[^"]+\.js)"/.exec(await page.text())?.[1] ?? "";
  const loaded = await fetch(new URL(script, root), { headers: { "x-api-key": apiKey } });
  expect([loaded.status, loaded.headers.get("content-type")]).toEqual([
    200,
    expect.stringContaining("javascript"),
  ]);
});

test("generated files end alike by the workers, by Step Functions and by one function, byte for byte", async () => {
  const cell = fc.constantFrom("a", "b c", "é", "", '"x, y"', '"two\nlines"', "long ".repeat(12).trim());
  const line = fc.tuple(fc.integer({ min: 1, max: 9 }), cell, fc.constantFrom("1", "2", "", "true", "x"));
  const files = fc.sample(fc.array(line, { minLength: 1, maxLength: 14 }), {
    numRuns: sampled(3),
    seed: 20_260_302,
  });
  const ids = Array.from({ length: 9 }, (_, at) => `alike.${at + 1}`);
  for (const [number, lines] of files.entries()) {
    const key = `alike-${number}.csv`;
    const body = `id,formatted_text,amount\n${lines.map((one) => one.join(",")).join("\n")}\n`;
    await caller.upload(key, body);
    const asked = (namespace: string) => ({
      data_source: "s3_csv",
      s3_key: key,
      question_id: "alike",
      all_dates: true,
      namespace,
    });
    const outcome = async (
      namespace: string,
      { status, progress }: Pick<ShownTask, "status" | "progress">,
    ) => {
      const { processed_records, failed_records, duplicate_records, total_records } = progress;
      const sums = { processed_records, failed_records, duplicate_records, total_records };
      return JSON.stringify([status, sums, Object.entries(await caller.indexed(namespace, ids)).sort()]);
    };
    const byWorkers = await outcome(
      `workers-${number}`,
      await ended(await client.start(asked(`workers-${number}`))),
    );
    for (const host of ["state_machine", "function"] as const) {
      const namespace = `${host}-${number}`;
      const id = await caller.start({ ...asked(namespace), host });
      const task = await caller.ended(id, 240);
      expect(task.host).toBe(host);
      expect(await outcome(namespace, task)).toBe(byWorkers);
    }
  }
});

test("SIGKILL of every worker and of the API in mid-run loses no row and counts none twice", async () => {
  const id = await start("killed");
  await underWay(id);
  const killed = [...pidsOf("bulk-worker"), ...pidsOf("bulk-api")];
  expect(killed).toHaveLength(3);
  for (const pid of killed) process.kill(pid, "SIGKILL");
  await expectEveryRowOnce(await ended(id), "killed");
});

nightly("SIGKILL of the broker in mid-run, with two tasks at once, loses no row", async () => {
  const ids = [await start("first"), await start("second", { priority: "high" })];
  await underWay(ids[1] ?? "");
  broker.local.kill();
  for (const [at, question] of ["first", "second"].entries()) {
    await expectEveryRowOnce(await ended(ids[at] ?? ""), question);
  }
});

nightly("SIGTERM, as a deployment sends it, lets the workers finish and loses no row", async () => {
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

nightly("a provider that fails, and then limits the rate, delays the rows and loses none", async () => {
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

nightly("a spent quota ends the task with the reason", async () => {
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

describe("whatever happens at any time", () => {
  /** Of one fault; a worker has one chunk under way. */
  const chunksAtRisk = { worker: 1, broker: 2, none: 0 } as const;
  const size = all
    ? { rows: 200_000, chunk: 1_000, faults: 40, pauseMs: 4_000, outageMs: 15_000, endsWithin: 1_800 }
    : { rows: 2_000, chunk: 100, faults: 4, pauseMs: 1_000, outageMs: 2_000, endsWithin: 240 };

  type Fault = readonly [
    name: string,
    risk: keyof typeof chunksAtRisk,
    act: (random: Random) => Promise<void>,
  ];

  const signal = async (pids: readonly number[], name: NodeJS.Signals, random: Random) => {
    // None while one is started again.
    if (pids.length > 0) process.kill(random.one(pids), name);
  };
  const outage = async (random: Random, begin: () => void, end: () => void) => {
    begin();
    await sleep(size.outageMs * random.share());
    end();
  };
  const faults: readonly Fault[] = [
    ["SIGKILL of a worker", "worker", (random) => signal(pidsOf("bulk-worker"), "SIGKILL", random)],
    ["SIGTERM of a worker", "none", (random) => signal(pidsOf("bulk-worker"), "SIGTERM", random)],
    ["SIGKILL of the API", "none", (random) => signal(pidsOf("bulk-api"), "SIGKILL", random)],
    ["SIGKILL of the broker", "broker", async () => broker.local.kill()],
    ["the broker is emptied", "broker", emptyBroker],
    [
      "429 of the provider",
      "none",
      (random) =>
        outage(
          random,
          () => {
            const body = { error: { message: "slow down" } };
            embeddings.instead = () => ({ status: 429, headers: { "retry-after": "1" }, body });
          },
          () => {
            embeddings.instead = () => undefined;
          },
        ),
    ],
    [
      "Pinecone fails",
      "none",
      (random) =>
        outage(
          random,
          () => {
            pinecone.interfere = () => ({ status: 503, body: { message: "away" } });
          },
          () => {
            pinecone.interfere = () => undefined;
          },
        ),
    ],
  ];

  async function emptyBroker(): Promise<void> {
    const names = queueNames(namespace);
    // It may have just been killed.
    await eventually(60, async () => {
      const opened = await openBroker(broker.local.url, () => {});
      const queues = {
        tasks: opened.queue<TaskJob>(names.tasks),
        chunks: opened.queue<ChunkJob>(names.chunks),
      };
      try {
        await broker.empty(queues);
      } finally {
        await Promise.all([queues.tasks.close(), queues.chunks.close()]);
        await opened.close();
      }
    });
  }

  faultTest(
    "every row of two tasks is in the index once, and paid for at most once per fault more",
    async (random) => {
      const questions = ["chaos-a", "chaos-b"] as const;
      const ids: string[] = [];
      for (const question of questions) {
        ids.push(await start(question, { chunk_size: size.chunk }, csvOf(size.rows / 2, question)));
      }
      const done: string[] = [];
      let chunks = 0;
      const areOver = async () => {
        const tasks = await Promise.all(ids.map((id) => client.status(id).catch(() => undefined)));
        return tasks.every((task) => task !== undefined && isOver(task));
      };
      // Each kind once, in any order, then any.
      const order = [
        ...random.some(faults, faults.length),
        ...Array.from({ length: size.faults }, () => random.one(faults)),
      ];
      for (const [name, risk, act] of order.slice(0, Math.max(size.faults, faults.length))) {
        await sleep(size.pauseMs * random.share());
        if (await areOver()) break;
        await act(random);
        done.push(name);
        chunks += chunksAtRisk[risk];
      }
      for (const [at, question] of questions.entries()) {
        await expectEveryRowOnce(await ended(ids[at] ?? "", size.endsWithin), question, size.rows / 2);
      }
      const paid = embeddings.paid.filter((text) => text.startsWith("chaos-"));
      expect(new Set(paid).size).toBe(size.rows);
      expect(paid.length - size.rows).toBeLessThanOrEqual(chunks * size.chunk);
      expect(done.length).toBeGreaterThan(3);
    },
  );
});
