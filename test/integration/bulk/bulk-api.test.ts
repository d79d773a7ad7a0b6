import { Ajv2020 } from "ajv/dist/2020.js";
import type { FastifyInstance, InjectOptions } from "fastify";
import { bulkApi } from "../../../core/bulk/api/bulk-api.ts";
import { Monitoring } from "../../../core/bulk/api/monitoring.ts";
import { bulkStatuses, bulkStatusOf } from "../../../core/bulk/api/schemas.ts";
import { statuses, type Task } from "../../../core/catchup/tasks/task.ts";
import { healthDeps } from "../../unit/bulk/health-deps.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";
import { apiDeps, apiKey } from "./api-deps.ts";

const counts = { processed: 3, failed: 1, filtered: 0, duplicates: 0, unchanged: 0, cached: 0, tokens: 9 };

let tables: TaskTables;
let app: FastifyInstance;
let started: string[];
let stopped: string[];
let turn = 0;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

beforeEach(async () => {
  [started, stopped] = [[], []];
  app = await appOf();
});
afterEach(() => app.close());

function appOf(changed: Parameters<typeof apiDeps>[1] = {}): Promise<FastifyInstance> {
  const start = async (taskId: string) => void started.push(taskId);
  const stop = async ({ task_id }: Task) => void stopped.push(task_id);
  return bulkApi(apiDeps(tables, { start, stop, ...changed }));
}

/** Asks with the key, and holds the answer to the served document. */
async function ask(method: NonNullable<InjectOptions["method"]>, path: string, asked: InjectOptions = {}) {
  const answer = await app.inject({
    method,
    url: `/api/v1${path}`,
    ...asked,
    headers: { "x-api-key": apiKey, ...asked.headers },
  });
  const document = (
    await app.inject({ url: "/api/v1/openapi.json", headers: { "x-api-key": apiKey } })
  ).json();
  const described = Object.entries<Described>(document.paths).find(([template]) =>
    new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(`/api/v1${path.split("?")[0]}`),
  )?.[1];
  const response = described?.[method.toLowerCase()]?.responses[answer.statusCode];
  if (response === undefined)
    throw new Error(`The document has no ${answer.statusCode} for ${method} ${path}.`);
  const schema = response.content?.["application/json"]?.schema;
  const body = answer.body === "" ? undefined : answer.json();
  if (schema !== undefined && body !== undefined) {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const valid = ajv.compile({ ...schema, components: document.components });
    if (!valid(body)) throw new Error(ajv.errorsText(valid.errors));
  }
  return { status: answer.statusCode, body };
}

type Described = Record<
  string,
  { readonly responses: Record<number, { readonly content?: Record<string, { readonly schema: object }> }> }
>;

async function stored(changed: Partial<Task> = {}): Promise<string> {
  const task = taskOf({ request: requestOf({ host: "workers" }), ...changed });
  await tables.tasks.create(task);
  return task.task_id;
}

const csv = () => {
  turn += 1;
  return { data_source: "s3_csv", s3_key: `${turn}.csv` };
};

describe("the key", () => {
  test.each(["X-API-Key", "x-api-key", "X-Api-Key"])("is read from the header %s", async (name) => {
    const answer = await app.inject({ url: "/api/v1/tasks", headers: { [name]: apiKey } });
    expect(answer.statusCode).toBe(200);
  });

  test.each([
    ["none", {}],
    ["another", { "x-api-key": `${apiKey}x` }],
    ["a part of it", { "x-api-key": apiKey.slice(0, -1) }],
  ])("%s is refused on every route but health", async (_, headers) => {
    for (const [method, url] of [
      ["POST", "/api/v1/process"],
      ["GET", "/api/v1/tasks"],
      ["GET", "/api/v1/status/task-1"],
      ["DELETE", "/api/v1/task/task-1"],
      ["POST", "/api/v1/task/task-1/retry"],
      ["GET", "/api/v1/monitoring"],
      ["GET", "/api/v1/openapi.json"],
    ] as const) {
      expect((await app.inject({ method, url, headers })).statusCode).toBe(401);
    }
    expect((await app.inject({ url: "/api/v1/health", headers })).statusCode).toBe(200);
    expect(started).toEqual([]);
  });
});

describe("POST /process", () => {
  test("accepts a task with 202 and has it started", async () => {
    const { status, body } = await ask("POST", "/process", { payload: csv() });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: "pending", message: "Task queued for processing" });
    expect(started).toEqual([body.task_id]);
    expect((await tables.tasks.get(body.task_id))?.request.host).toBe("workers");
  });

  test("returns the task of the same request while it is open, and starts it once", async () => {
    const payload = csv();
    const [first, again] = [
      await ask("POST", "/process", { payload }),
      await ask("POST", "/process", { payload }),
    ];
    expect(again.body.task_id).toBe(first.body.task_id);
    expect(started).toHaveLength(1);
  });

  test("an Idempotency-Key returns its task after that is over, and is refused for another request", async () => {
    const [payload, headers] = [csv(), { "idempotency-key": `key-${turn}` }];
    const { body } = await ask("POST", "/process", { payload, headers });
    await tables.tasks.change(body.task_id, {
      status: "COMPLETED",
      counts,
      completed_at: new Date().toISOString(),
    });
    const again = await ask("POST", "/process", { payload, headers });
    expect(again.body).toMatchObject({ task_id: body.task_id, status: "completed" });
    expect((await ask("POST", "/process", { payload: csv(), headers })).status).toBe(422);
  });

  test("names every problem at once with 400", async () => {
    const { status, body } = await ask("POST", "/process", {
      payload: { data_source: "s3_csv", chunk_size: 99, priority: "urgent" },
    });
    expect(status).toBe(400);
    expect(body.problems.map(({ parameter }: { parameter: string }) => parameter).sort()).toEqual([
      "chunk_size",
      "priority",
      "s3_key",
    ]);
  });

  test.each([
    ["no JSON", "{", "application/json"],
    ["no object", "[]", "application/json"],
    ["nothing", "", "application/json"],
  ])("a body that is %s is refused with 400", async (_, payload, type) => {
    const { status } = await ask("POST", "/process", { payload, headers: { "content-type": type } });
    expect(status).toBe(400);
  });

  test("a failure tells nothing of the inside", async () => {
    await app.close();
    app = await appOf({
      claims: { read: async () => Promise.reject(new Error("10.0.0.7 refused")) } as never,
    });
    const answer = await app.inject({
      method: "POST",
      url: "/api/v1/process",
      headers: { "x-api-key": apiKey },
      payload: csv(),
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("10.0.0.7");
  });
});

describe("GET /status/{task_id}", () => {
  test("every status of a task has one word, and the answer holds to the document", async () => {
    for (const status of statuses) {
      const id = await stored({ status, rows: 4, chunks: 2, counts });
      const answer = await ask("GET", `/status/${id}`);
      expect(answer).toMatchObject({ status: 200, body: { status: bulkStatusOf[status] } });
    }
  });

  test("counts chunks that are in flight, and rows of those that are over", async () => {
    const id = await stored({
      status: "IN_PROGRESS",
      rows: 8,
      chunks: 2,
      started_at: new Date().toISOString(),
    });
    await tables.chunkCounts.set(id, 0, counts, 2_000_000_000);
    await tables.chunkCounts.report(id, 1, { embedded: 2, written: 0 }, 2_000_000_000);
    const { body } = await ask("GET", `/status/${id}`);
    expect(body.progress).toMatchObject({
      total_records: 8,
      processed_records: 3,
      failed_records: 1,
      chunks_total: 2,
      chunks_completed: 1,
      chunks_processing: 1,
      percentage: 62.5,
    });
  });

  test.each(["task-20260101000000-0123456789abcdef", "x", "task-1%2F..%2F2"])(
    "%s is unknown: 404",
    async (id) => {
      expect((await ask("GET", `/status/${id}`)).status).toBe(404);
    },
  );
});

describe("GET /tasks", () => {
  test("lists the newest first, and its cursor continues", async () => {
    const ids: string[] = [];
    for (let minute = 10; minute < 15; minute += 1) {
      ids.unshift(await stored({ created_at: `2099-01-01T00:${minute}:00.000Z` }));
    }
    const first = await ask("GET", "/tasks?limit=3");
    const second = await ask("GET", `/tasks?limit=2&cursor=${first.body.next_cursor}`);
    const listed = [...first.body.tasks, ...second.body.tasks].map(({ task_id }) => task_id);
    expect(listed).toEqual(ids);
  });

  test("status_filter completed finds the skipped too", async () => {
    const id = await stored({ status: "SKIPPED", counts, created_at: "2099-02-01T00:00:00.000Z" });
    const { body } = await ask("GET", "/tasks?status_filter=completed&limit=1");
    expect(body.tasks[0]).toMatchObject({ task_id: id, status: "completed" });
  });

  test("source_filter finds the tasks of one source", async () => {
    const id = await stored({
      created_at: "2099-03-01T00:00:00.000Z",
      request: requestOf({ host: "workers", data_source: "metabase" }),
    });
    await stored({ created_at: "2099-03-02T00:00:00.000Z" });
    const { body } = await ask("GET", "/tasks?source_filter=metabase&limit=1");
    expect(body.tasks.map(({ task_id }: { task_id: string }) => task_id)).toEqual([id]);
  });

  test.each(["limit=0", "limit=101", "status_filter=done", "source_filter=x", "cursor=x", "page=2"])(
    "%s is refused",
    async (query) => {
      const { status, body } = await ask("GET", `/tasks?${query}`);
      expect(status).toBe(400);
      expect(body.problems).toHaveLength(1);
    },
  );
});

describe("DELETE /task/{task_id}", () => {
  test("cancels an open task with 204, and once more is as well", async () => {
    const id = await stored({ status: "IN_PROGRESS" });
    for (let time = 0; time < 2; time += 1) expect((await ask("DELETE", `/task/${id}`)).status).toBe(204);
    expect((await ask("GET", `/status/${id}`)).body.status).toBe("cancelled");
    expect(stopped).toContain(id);
  });

  test("a task that is over is 409, one that is unknown 404", async () => {
    const id = await stored({ status: "COMPLETED", counts });
    expect((await ask("DELETE", `/task/${id}`)).status).toBe(409);
    expect((await ask("DELETE", "/task/task-20260101000000-0123456789abcdef")).status).toBe(404);
  });

  test("a task of the catch-up API is 409, and goes on", async () => {
    const id = await stored({ status: "IN_PROGRESS", request: requestOf({ host: "state_machine" }) });
    const { status, body } = await ask("DELETE", `/task/${id}`);
    expect([status, body.error]).toEqual([409, "conflict"]);
    expect((await tables.tasks.get(id))?.status).toBe("IN_PROGRESS");
    expect(stopped).not.toContain(id);
  });
});

describe("POST /task/{task_id}/retry", () => {
  test("starts a task over the failed records of one that is over", async () => {
    const id = await stored({ status: "PARTIALLY_COMPLETED", counts });
    const { status, body } = await ask("POST", `/task/${id}/retry`);
    expect(status).toBe(202);
    expect((await tables.tasks.get(body.task_id))?.request).toMatchObject({ retry_of: id, host: "workers" });
  });

  test.each(["auto", "function", "state_machine"] as const)(
    "of a task that was processed by %s is processed by the workers",
    async (host) => {
      const id = await stored({ status: "FAILED", counts, request: requestOf({ host }) });
      const { body } = await ask("POST", `/task/${id}/retry`);
      expect((await tables.tasks.get(body.task_id))?.request.host).toBe("workers");
    },
  );

  test("takes the failed records of some chunks alone, and names those that failed for any other", async () => {
    const id = await stored({ status: "PARTIALLY_COMPLETED", counts, rows: 12, chunks: 3 });
    await tables.chunkCounts.set(id, 0, { ...counts, failed: 0 }, 2_000_000_000);
    await tables.chunkCounts.set(id, 1, counts, 2_000_000_000);
    expect((await ask("GET", `/status/${id}`)).body.failed_chunks).toEqual([1, 2]);
    const { status, body } = await ask("POST", `/task/${id}/retry`, { payload: { chunks: [2, 1, 2] } });
    expect(status).toBe(202);
    expect((await tables.tasks.get(body.task_id))?.request).toMatchObject({
      retry_of: id,
      retry_chunks: [1, 2],
    });
    for (const payload of [{ chunks: [0] }, { chunks: [3] }, { chunks: [] }, { chunk: 1 }]) {
      const refused = await ask("POST", `/task/${id}/retry`, { payload });
      expect(refused.status).toBe(400);
      expect(refused.body.problems).toHaveLength(1);
    }
    expect((await ask("POST", `/task/${id}/retry`, { payload: { chunks: [0] } })).body.message).toContain(
      "1, 2",
    );
  });

  test("of a task that is open, or in which nothing failed, is 409", async () => {
    const open = await stored({ status: "IN_PROGRESS" });
    const good = await stored({ status: "COMPLETED", counts: { ...counts, failed: 0 } });
    for (const id of [open, good]) expect((await ask("POST", `/task/${id}/retry`)).status).toBe(409);
  });
});

test("GET /monitoring has real figures: workers, queues, statistics, what is active, and anomalies", async () => {
  const own = await TaskTables.start();
  const request = requestOf({ host: "workers" });
  const bad = taskOf({
    request,
    status: "PARTIALLY_COMPLETED",
    counts: { ...counts, processed: 80, failed: 20 },
    updated_at: new Date().toISOString(),
  });
  const open = taskOf({ request, status: "IN_PROGRESS", rows: 8, chunks: 2 });
  const ofOtherApi = taskOf({ status: "IN_PROGRESS" });
  for (const task of [bad, open, ofOtherApi]) await own.tasks.create(task);
  await own.chunkCounts.set(open.task_id, 0, counts, 2_000_000_000);
  await app.close();
  app = await appOf({ monitoring: new Monitoring({ ...healthDeps(), tasks: own.tasks, now: Date.now }) });
  const { status, body } = await ask("GET", "/monitoring");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    workers: [{ id: "a", slots: 2, busy: 1 }],
    queues: { tasks: { waiting: 3, active: 0 }, chunks: { waiting: 3, active: 0 } },
    statistics: {
      tasks: 2,
      by_status: { processing: 1, partially_completed: 1, completed: 0 },
      processed_records: 83,
      failed_records: 21,
      seconds_per_1000_records: null,
    },
    active: [{ task_id: open.task_id, status: "processing", total_records: 8, records_over: 4 }],
    anomalies: [{ task_id: bad.task_id, kind: "failure_rate", severity: "high" }],
  });
  await own.stop();
});

test("the document lists every route, and what is not there is a 404 that names it", async () => {
  const { paths } = (
    await app.inject({ url: "/api/v1/openapi.json", headers: { "x-api-key": apiKey } })
  ).json();
  const routes = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    "DELETE /api/v1/task/{task_id}",
    "GET /api/v1/health",
    "GET /api/v1/monitoring",
    "GET /api/v1/status/{task_id}",
    "GET /api/v1/tasks",
    "POST /api/v1/process",
    "POST /api/v1/task/{task_id}/retry",
  ]);
  const answer = await app.inject({ url: "/docs" });
  expect(answer.json()).toMatchObject({ error: "not_found" });
});

test("no status of the API is without a status of a task", () => {
  expect([...new Set(Object.values(bulkStatusOf))].sort()).toEqual([...bulkStatuses].sort());
});
