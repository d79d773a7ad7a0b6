import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { bulkApi } from "../../../core/bulk/api/bulk-api.ts";
import { type Broker, openBroker } from "../../../core/bulk/broker/broker.ts";
import type { ChunkJob, TaskJob } from "../../../core/bulk/broker/jobs.ts";
import type { BulkQueues } from "../../../core/bulk/work/worker-jobs.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";
import { apiDeps, apiKey } from "./api-deps.ts";
import { brokerKinds, hasBroker, TestBroker } from "./brokers.ts";

jest.setTimeout(120_000);

const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`anyone:${password}`).toString("base64")}`,
});

describe.each(brokerKinds)("the board of the queues, in %s", (kind) => {
  const testOf = hasBroker(kind) ? test : test.skip;
  let tables: TaskTables;
  let local: TestBroker;
  let broker: Broker;
  let queues: BulkQueues;
  let app: FastifyInstance;
  let url: string;

  beforeAll(async () => {
    if (!hasBroker(kind)) return;
    [tables, local] = await Promise.all([TaskTables.start(), TestBroker.start(kind)]);
    broker = await openBroker(local.local.url, () => {});
    queues = { tasks: broker.queue<TaskJob>("tasks"), chunks: broker.queue<ChunkJob>("chunks") };
    app = await apiWith(Object.values(queues));
    await app.listen({ host: "127.0.0.1", port: 0 });
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/admin/queues`;
  });
  afterAll(async () => {
    await app?.close();
    await Promise.all(Object.values(queues ?? {}).map((queue) => queue.close()));
    await broker?.close();
    await Promise.all([local?.stop(), tables?.stop()]);
  });

  function apiWith(board: Parameters<typeof bulkApi>[0]["board"]): Promise<FastifyInstance> {
    return bulkApi(apiDeps(tables, { board }));
  }

  testOf("shows jobs to a browser whose user gives the key as password", async () => {
    await queues.chunks.add("chunk", { task_id: "task-1", chunk: 3 } as never, { jobId: "task-1-3" });
    const page = await fetch(url, { headers: basic(apiKey) });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Vectorkeep bulk")]);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const asked = await fetch(`${url}/api/queues?activeQueue=chunks&status=latest&page=1&jobsPerPage=10`, {
      headers: { "x-api-key": apiKey },
    });
    const shown = (await asked.json()) as { queues: { name: string; jobs: { id: string }[] }[] };
    const chunks = shown.queues.find(({ name }) => name === "chunks");
    expect(chunks?.jobs.map(({ id }) => id)).toEqual(["task-1-3"]);
  });

  testOf("asks for the key on each of its paths, and takes no other", async () => {
    for (const path of ["", "/", "/queue/chunks", "/api/queues", "/static/favicon.ico"]) {
      for (const headers of [{}, basic(""), basic(`${apiKey}x`), { "x-api-key": "another" }]) {
        const answer = await fetch(`${url}${path}`, { headers, redirect: "manual" });
        expect([path, answer.status]).toEqual([path, 401]);
        expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
      }
    }
    // The API itself takes the key from its own header alone: a browser would send the password for other pages.
    const api = await fetch(new URL("/api/v1/tasks", url), { headers: basic(apiKey) });
    expect(api.status).toBe(401);
  });

  testOf("changes nothing", async () => {
    const count = () => queues.chunks.getJobCounts();
    const before = await count();
    for (const [method, path] of [
      ["PUT", "/api/queues/chunks/pause"],
      ["PUT", "/api/queues/chunks/empty"],
      ["PUT", "/api/queues/chunks/obliterate"],
      ["PUT", "/api/queues/chunks/clean/wait"],
      ["PUT", "/api/queues/chunks/task-1-3/clean"],
      ["POST", "/api/queues/chunks/add"],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method, headers: { "x-api-key": apiKey } });
      expect([path, answer.ok]).toEqual([path, false]);
    }
    expect([await count(), await queues.chunks.isPaused()]).toEqual([before, false]);
  });

  testOf("is not there unless it is wanted", async () => {
    const without = await apiWith(undefined);
    const answer = await without.inject({ url: "/admin/queues", headers: { "x-api-key": apiKey } });
    expect(answer.statusCode).toBe(404);
    await without.close();
  });
});
