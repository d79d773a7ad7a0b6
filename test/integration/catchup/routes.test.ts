import { Ajv2020 } from "ajv/dist/2020.js";
import { catchUpRoutes } from "../../../contract/catch-up-routes.ts";
import type { ApiRequest } from "../../../core/catchup/api/answer.ts";
import { openApi } from "../../../core/catchup/api/openapi.ts";
import { type ApiDeps, answerRequest } from "../../../core/catchup/api/routes.ts";
import type { PreflightProblem } from "../../../core/catchup/preflight/preflight-errors.ts";
import { newTaskId, statuses } from "../../../core/catchup/tasks/task.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;
const stopped: string[] = [];
const counts = { processed: 3, failed: 1, filtered: 0, duplicates: 0, unchanged: 0, cached: 0, tokens: 9 };
let turn = 0;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

let problems: readonly PreflightProblem[] = [];

function services(now = Date.now): ApiDeps {
  return {
    tasks: tables.tasks,
    claims: tables.claims,
    chunkCounts: tables.chunkCounts,
    preflight: async () => problems,
    kind: "state_machine",
    start: async () => undefined,
    stop: async ({ task_id }) => {
      stopped.push(task_id);
    },
    isWorkedOn: async () => true,
    taskDays: 7,
    usdPerMillionTokens: () => 0.02,
    defaults: { questionId: "12", namespace: "v2", batchSize: 100, model: "small" },
    now,
  };
}

type Asked = Partial<Pick<ApiRequest, "query" | "headers" | "body">>;

/** Asks, and holds the answer to the document. */
async function ask(method: string, path: string, asked: Asked = {}, described = path, now = Date.now) {
  const request = { method, path, query: {}, headers: {}, body: undefined, ...asked };
  const answer = await answerRequest(request, services(now));
  const operation = (openApi.paths as unknown as Record<string, Record<string, Described>>)[described];
  const schema =
    operation?.[method.toLowerCase()]?.responses[answer.status]?.content["application/json"].schema;
  if (!schema) throw new Error(`The document has no ${answer.status} for ${method} ${described}.`);
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const valid = ajv.compile({ ...schema, components: openApi.components });
  if (!valid(JSON.parse(JSON.stringify(answer.body)))) throw new Error(ajv.errorsText(valid.errors));
  return { status: answer.status, body: answer.body as Record<string, unknown> };
}

interface Described {
  readonly responses: Record<
    number,
    { readonly content: { readonly "application/json": { schema: object } } }
  >;
}

async function stored(changed: Parameters<typeof taskOf>[0] = {}): Promise<string> {
  const task = taskOf(changed);
  await tables.tasks.create(task);
  return task.task_id;
}

const csv = () => {
  turn += 1;
  return { data_source: "s3_csv", s3_key: `${turn}.csv` };
};

test("the document describes the routes that there are, and no other", () => {
  const described = Object.entries(openApi.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual([...catchUpRoutes].sort());
});

test("the document is served", async () => {
  expect((await ask("GET", "/openapi.json")).body).toEqual(JSON.parse(JSON.stringify(openApi)));
});

describe("/process", () => {
  test.each([
    ["GET", (given: Record<string, string>) => ({ query: given })],
    ["POST", (given: Record<string, string>) => ({ body: JSON.stringify(given) })],
    ["POST", (given: Record<string, string>) => ({ query: given })],
  ])("%s answers 202 at once, with the task and what it does", async (method, asked) => {
    const { status, body } = await ask(method, "/process", asked({ ...csv(), start_date: "2024-03-01" }));
    expect(status).toBe(202);
    expect(body).toMatchObject({
      status: "PENDING",
      status_url: `/status?task_id=${body.task_id}`,
      start_date: "2024-03-01",
      end_date: "2024-03-02",
      data_source: "s3_csv",
      namespace: "v2",
    });
  });

  test("answers 400 with every bad parameter and the accepted form", async () => {
    const { status, body } = await ask("GET", "/process", { query: { start_date: "x", batch_size: "0" } });
    expect(status).toBe(400);
    expect(body.problems).toEqual([
      { parameter: "start_date", given: "x", accepted: expect.any(String) },
      { parameter: "batch_size", given: "0", accepted: expect.any(String) },
    ]);
  });

  test.each(["[1]", "no json", "7", "null"])("answers 400 to the body %s", async (body) => {
    expect((await ask("POST", "/process", { body })).status).toBe(400);
  });

  test("F29: answers 400 to a body that has a parameter twice, and names it", async () => {
    const body = '{"data_source":"s3_csv","s3_key":"a.csv","s3_key":"b.csv"}';
    const answer = await ask("POST", "/process", { body });
    expect(answer.status).toBe(400);
    expect(answer.body.problems).toEqual([
      { parameter: "s3_key", given: "twice", accepted: "each parameter once" },
    ]);
  });

  test.each(["", "x".repeat(201)])("responds with 400 to an invalid idempotency key", async (key) => {
    const headers = { "idempotency-key": key };
    expect((await ask("POST", "/process", { headers, body: JSON.stringify(csv()) })).status).toBe(400);
  });

  test.each([{}, { end_date: "2026-11-24" }])(
    "gives the task of a key also after midnight, where the request named %j of its dates",
    async (dates) => {
      const body = JSON.stringify({ question_id: "77", ...dates });
      const again = { headers: { "idempotency-key": `midnight ${body}` }, body };
      const before = Date.parse("2026-11-25T23:59:59Z");
      const first = await ask("POST", "/process", again, "/process", () => before);
      const second = await ask("POST", "/process", again, "/process", () => before + 2_000);
      expect(first.body).toMatchObject({ start_date: "2026-11-24", end_date: "2026-11-25", ...dates });
      expect(second).toEqual({ status: 202, body: first.body });
    },
  );

  test("answers 422 to a key that was used for another request", async () => {
    const headers = { "idempotency-key": "k" };
    await ask("POST", "/process", { headers, body: JSON.stringify(csv()) });
    expect((await ask("POST", "/process", { headers, body: JSON.stringify(csv()) })).status).toBe(422);
  });
});

describe("/status", () => {
  test.each(statuses)("of a task that is %s is as the document says", async (status) => {
    const over = { counts, rows: 4, chunks: 2, completed_at: new Date().toISOString() };
    const id = await stored({ status, ...(status !== "PENDING" && over) });
    expect((await ask("GET", "/status", { query: { task_id: id } })).body).toMatchObject({
      task_id: id,
      status,
    });
  });

  test("answers 404 to a task that there is not, 400 to what is no task id", async () => {
    expect((await ask("GET", "/status", { query: { task_id: newTaskId(Date.now()) } })).status).toBe(404);
    expect((await ask("GET", "/status", { query: { task_id: "../x" } })).status).toBe(400);
    expect((await ask("GET", "/status")).status).toBe(400);
  });
});

test("/tasks responds with pages, and with 400 to an invalid limit or cursor", async () => {
  await Promise.all([stored(), stored()]);
  const { body } = await ask("GET", "/tasks", { query: { limit: "1" } });
  expect(body.tasks).toHaveLength(1);
  const next = await ask("GET", "/tasks", { query: { limit: "1", cursor: String(body.next_cursor) } });
  expect(next.body.tasks).not.toEqual(body.tasks);
  for (const query of [{ limit: "0" }, { limit: "101" }, { limit: "x" }, { cursor: "x" }]) {
    expect((await ask("GET", "/tasks", { query: query as Record<string, string> })).status).toBe(400);
  }
});

describe("/tasks/{task_id}/cancel", () => {
  const cancel = (id: string) => ask("POST", `/tasks/${id}/cancel`, {}, "/tasks/{task_id}/cancel");

  test("ends the task and what works on it; again, it is still cancelled", async () => {
    const id = await stored({ status: "IN_PROGRESS" });
    expect((await cancel(id)).body).toMatchObject({ task_id: id, status: "CANCELLED" });
    expect((await cancel(id)).status).toBe(200);
    expect(stopped).toContain(id);
  });

  test("answers 409 to a task of the bulk API, which goes on", async () => {
    const id = await stored({ status: "IN_PROGRESS", request: requestOf({ host: "workers" }) });
    expect((await cancel(id)).status).toBe(409);
    expect((await tables.tasks.get(id))?.status).toBe("IN_PROGRESS");
    expect(stopped).not.toContain(id);
  });

  test("answers 409 to a task that is over, 404 to one that there is not", async () => {
    expect((await cancel(await stored({ status: "COMPLETED" }))).status).toBe(409);
    for (const id of [newTaskId(Date.now()), "x", "%"]) expect((await cancel(id)).status).toBe(404);
  });
});

describe("/tasks/{task_id}/retry-failed", () => {
  const retry = (id: string) => ask("POST", `/tasks/${id}/retry-failed`, {}, "/tasks/{task_id}/retry-failed");

  test("starts one task over the failed records, also when it is asked for twice", async () => {
    const id = await stored({ status: "PARTIALLY_COMPLETED", counts });
    const [one, two] = [await retry(id), await retry(id)];
    expect(one).toMatchObject({ status: 202, body: { data_source: "failed_records", retry_of: id } });
    expect(two.body.task_id).toBe(one.body.task_id);
  });

  test("of a task of the bulk API is processed as the catch-up API processes one", async () => {
    const bulk = requestOf({ host: "workers", chunk_size: 500, priority: "high" });
    const { body } = await retry(await stored({ status: "FAILED", counts, request: bulk }));
    const { request } = (await tables.tasks.get(String(body.task_id))) ?? {};
    expect(request?.host).toBe("auto");
    expect(request).not.toHaveProperty("chunk_size");
    expect(request).not.toHaveProperty("priority");
  });

  test("knows what failed before a task was cancelled", async () => {
    const id = await stored({ status: "CANCELLED" });
    await tables.chunkCounts.set(id, 0, counts, Math.floor(Date.now() / 1000) + 60);
    expect((await retry(id)).status).toBe(202);
  });

  test("answers 409 where the task is not over or nothing failed", async () => {
    expect((await retry(await stored({ status: "IN_PROGRESS" }))).status).toBe(409);
    const clean = await stored({ status: "COMPLETED", counts: { ...counts, failed: 0 } });
    expect((await retry(clean)).status).toBe(409);
  });
});

describe("F21: a query has no side effects", () => {
  const longAgo = new Date(Date.now() - 3_600_000).toISOString();
  const hopeless = [
    ["a task whose worker has died", { status: "IN_PROGRESS", alive_until: 0 }],
    [
      "a task whose execution has ended",
      { status: "IN_PROGRESS", worked_on_by: { kind: "state_machine", id: "arn:ended" } },
    ],
    ["a task whose start was lost", { status: "PENDING", created_at: longAgo, updated_at: longAgo }],
  ] as const;

  test.each(hopeless)("GET /status and GET /tasks of %s only read", async (_, changed) => {
    const id = await stored(changed);
    const before = await tables.tasks.get(id);
    const called: string[] = [];
    const noting: ApiDeps = {
      ...services(),
      start: async () => void called.push("start"),
      stop: async () => void called.push("stop"),
      isWorkedOn: async () => {
        called.push("isWorkedOn");
        return false;
      },
    };
    const first = tables.sent.length;
    for (const [path, query] of [
      ["/status", { task_id: id }],
      ["/tasks", {}],
      ["/tasks", { limit: "100", status: changed.status }],
    ] as const) {
      const answer = await answerRequest(
        { method: "GET", path, query, headers: {}, body: undefined },
        noting,
      );
      expect(answer.status).toBe(200);
    }
    expect(new Set(tables.sent.slice(first))).toEqual(new Set(["QueryCommand"]));
    expect(called).toEqual([]);
    expect(await tables.tasks.get(id)).toEqual(before);
  });
});

test("what is no fault of the caller is thrown, so that the platform counts it (F19)", async () => {
  const broken = { ...services(), start: async () => Promise.reject(new Error("inside")) };
  const request = { method: "POST", path: "/process", query: csv(), headers: {}, body: undefined };
  await expect(answerRequest(request, broken)).rejects.toThrow("inside");
});

test("another path or method is a 404 that names the document", async () => {
  for (const path of ["/", "/process/x", "/constructor", "/tasks/x/delete"]) {
    const answer = await answerRequest(
      { method: "PUT", path, query: {}, headers: {}, body: undefined },
      services(),
    );
    expect(answer).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining("/openapi.json") },
    });
  }
});

test("F35: a task that would fail is refused with 424 and every reason", async () => {
  problems = [{ check: "index", problem: "The index holds vectors of 1536 dimensions." }];
  const { status, body } = await ask("POST", "/process", {
    body: '{"data_source":"s3_csv","s3_key":"preflight.csv"}',
  });
  problems = [];
  expect([status, body.error]).toEqual([424, "preflight_failed"]);
  expect(body.problems).toEqual([{ check: "index", problem: "The index holds vectors of 1536 dimensions." }]);
});

test("/tasks of one status lists no other", async () => {
  const failed = await stored({ status: "FAILED" });
  const { body } = await ask("GET", "/tasks", { query: { status: "FAILED", limit: "100" } });
  const tasks = body.tasks as { task_id: string; status: string }[];
  expect(tasks.map(({ task_id }) => task_id)).toContain(failed);
  expect(new Set(tasks.map(({ status }) => status))).toEqual(new Set(["FAILED"]));
});

test.each([
  ["GET", "/status", "/status", { task_id: newTaskId(0), verbose: "1" }, "verbose"],
  ["GET", "/tasks", "/tasks", { state: "FAILED" }, "state"],
  ["GET", "/tasks", "/tasks", { status: "failed" }, "status"],
  ["POST", `/tasks/${newTaskId(0)}/cancel`, "/tasks/{task_id}/cancel", { force: "1" }, "force"],
  ["POST", `/tasks/${newTaskId(0)}/retry-failed`, "/tasks/{task_id}/retry-failed", { x: "1" }, "x"],
])(
  "%s %s refuses a parameter that it does not know by name",
  async (method, path, described, query, parameter) => {
    const { status, body } = await ask(
      method,
      path,
      { query: query as unknown as Record<string, string> },
      described,
    );
    expect([status, body.problems]).toEqual([400, [expect.objectContaining({ parameter })]]);
  },
);

test("/health answers", async () => {
  expect(await ask("GET", "/health")).toEqual({ status: 200, body: { status: "ok" } });
});
