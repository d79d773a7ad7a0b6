import { gzipSync } from "node:zlib";
import { CatchUpCaller, csvOf, idsOf } from "./catch-up-caller.ts";
import { RunningStack } from "./running-stack.ts";

jest.setTimeout(120_000);

/** Files of more than twenty rows are for the state machine, which gets eight a chunk. */
const small = { "catchup:rowsPerFunction": "20", "catchup:rowsPerChunk": "8" };
const secondModel = "universal-sentence-encoder-lite-reversed";
const page = "https://app.example.com";
const allDates = { all_dates: true };

let stack: RunningStack;
let caller: CatchUpCaller;
beforeAll(async () => {
  stack = await RunningStack.start({
    ...small,
    "catchup:corsOrigins": JSON.stringify([page]),
    "catchup:models": JSON.stringify([`${secondModel}=512@0.13`]),
  });
  caller = await CatchUpCaller.of(stack);
});
afterAll(async () => {
  await stack.stop();
});

function fromCsv(s3_key: string, changes: object = {}) {
  return { data_source: "s3_csv", question_id: "7", s3_key, ...allDates, ...changes };
}

describe("a CSV", () => {
  test("of few rows is worked on by the function: every row is in the index or failed with its reason", async () => {
    await caller.upload("few.csv", `${csvOf(10)}\r\n0010,,2026-11-01,1\r\n,no id,2026-11-01,1\r\n0012,short`);
    const task = await caller.ended(await caller.start(fromCsv("few.csv", { namespace: "few" })));
    expect(task).toMatchObject({
      status: "PARTIALLY_COMPLETED",
      progress: {
        total_records: 13,
        processed_records: 10,
        failed_records: 3,
        percentage: 100,
        chunks_total: 2,
      },
      failed_records_key: `failed/${task.task_id}/`,
    });
    const failed = await caller.failed(task.task_id);
    expect(failed.map(({ row, reason }) => [row, reason])).toEqual([
      [11, "text_blank"],
      [12, "id_blank"],
      [13, "columns_disagree"],
    ]);
    const indexed = await caller.indexed("few", idsOf("7", 10));
    expect(Object.keys(indexed).sort()).toEqual(idsOf("7", 10));
    expect(indexed["7.0003"]).toEqual({
      text: 'Row 3 and "more"',
      id: "0003",
      created_at: "2026-11-04",
      amount: "1,003",
    });
  });

  test("of many rows is worked on by the state machine, compressed or not, and each row is there once (F18, F22)", async () => {
    await caller.upload("many.csv", csvOf(45));
    await caller.upload("many.csv.gz", gzipSync(csvOf(45)));
    const plain = await caller.start(fromCsv("many.csv", { namespace: "plain" }));
    const packed = await caller.start(fromCsv("many.csv.gz", { namespace: "packed" }));
    for (const [id, namespace] of [
      [plain, "plain"],
      [packed, "packed"],
    ] as const) {
      expect(await caller.ended(id)).toMatchObject({
        status: "COMPLETED",
        progress: { total_records: 45, processed_records: 45, failed_records: 0, chunks_completed: 6 },
      });
      expect(await caller.count(namespace)).toBe(45);
    }
  });

  test("is filtered by dates, and a dry run embeds nothing", async () => {
    await caller.upload("dated.csv", csvOf(15));
    const dates = { all_dates: undefined, start_date: "2026-11-03", end_date: "2026-11-05" };
    const before = await stack.embeddingRequests();
    const dry = await caller.ended(
      await caller.start(fromCsv("dated.csv", { ...dates, namespace: "dated", dry_run: true })),
    );
    expect(dry).toMatchObject({ status: "COMPLETED", progress: { total_records: 3, filtered_records: 12 } });
    expect(dry.estimate).toMatchObject({ tokens: expect.any(Number), cost_usd: expect.any(Number) });
    expect([await stack.embeddingRequests(), await caller.count("dated")]).toEqual([before, 0]);

    await caller.ended(await caller.start(fromCsv("dated.csv", { ...dates, namespace: "dated" })));
    expect(Object.keys(await caller.indexed("dated", idsOf("7", 15))).sort()).toEqual([
      "7.0002",
      "7.0003",
      "7.0004",
    ]);
  });

  test("that is sent again incrementally costs only what has changed (F12)", async () => {
    await caller.upload("grown-1.csv", csvOf(12));
    await caller.upload(
      "grown-2.csv",
      csvOf(12, (row) => (row === 4 ? "changed" : `Row ${row}`)),
    );
    const incremental = { namespace: "grown", incremental: true };
    await caller.ended(await caller.start(fromCsv("grown-1.csv", incremental)));
    const again = await caller.ended(await caller.start(fromCsv("grown-2.csv", incremental)));
    expect(again.progress).toMatchObject({ processed_records: 12, unchanged_records: 11 });
    expect((await caller.indexed("grown", ["7.0004"]))["7.0004"]).toMatchObject({ text: "changed" });
  });

  test("whose texts another task has paid for is not paid for again, by the function nor by the state machine", async () => {
    const text = (row: number) => `Paid once ${row}`;
    await caller.upload("first.csv", csvOf(30, text));
    const first = await caller.ended(await caller.start(fromCsv("first.csv", { namespace: "first" })));
    expect(first.progress).toMatchObject({ processed_records: 30, cached_records: 0 });
    const lines = csvOf(30, text).split("\r\n");
    const reversed = [lines[0], ...lines.slice(1).reverse()].join("\r\n");
    const before = await stack.textsPaid();
    for (const [namespace, host] of [
      ["second", "state_machine"],
      ["third", "function"],
    ] as const) {
      await caller.upload(`${namespace}.csv`, reversed);
      const task = await caller.ended(
        await caller.start(fromCsv(`${namespace}.csv`, { namespace, host, question_id: "8" })),
      );
      expect(task.progress).toMatchObject({ processed_records: 30, cached_records: 30 });
      expect(task.spent.tokens).toBe(0);
      expect(await caller.count(namespace)).toBe(30);
    }
    // The preflight of a task embeds one word.
    expect((await stack.textsPaid()) - before).toBe(2);
  });

  test("in lane batch is paid by the Batch API, and its chunks pay nothing", async () => {
    await caller.upload(
      "batch.csv",
      csvOf(30, (row) => `Paid in a batch ${row}`),
    );
    const [sync, batch] = [await stack.textsPaid(), await stack.textsPaidInBatches()];
    const task = await caller.ended(
      await caller.start(fromCsv("batch.csv", { namespace: "batch", lane: "batch" })),
    );
    expect(task).toMatchObject({
      status: "COMPLETED",
      progress: { processed_records: 30 },
      host: "state_machine",
      lane: "batch",
    });
    expect(await caller.count("batch")).toBe(30);
    expect((await stack.textsPaidInBatches()) - batch).toBe(30);
    // The preflight of a task embeds one word.
    expect((await stack.textsPaid()) - sync).toBe(1);
    expect(task.spent.cost_usd).toBeCloseTo((task.spent.tokens * 0.02) / 1e6 / 2, 6);
  });

  test("F70: may name a second model, whose namespaces refuse the stack's own, and the other way round", async () => {
    await caller.upload("models.csv", csvOf(3));
    const second = fromCsv("models.csv", { namespace: "second-model", model: secondModel });
    const task = await caller.ended(await caller.start(second));
    expect(task).toMatchObject({ status: "COMPLETED", request: { model: secondModel } });
    expect(task.spent.cost_usd).toBeCloseTo((task.spent.tokens * 0.13) / 1e6, 6);
    const { status, body } = await caller.call("POST /process", {
      body: fromCsv("models.csv", { namespace: "second-model" }),
    });
    expect([status, JSON.stringify(body)]).toEqual([
      424,
      expect.stringMatching(
        `Namespace second-model is for vectors of ${secondModel} .* universal-sentence-encoder-lite with`,
      ),
    ]);
    await caller.upload("typed.csv", "id,formatted_text,record_type\n1,a,few\n2,b,second-model\n");
    const before = await stack.textsPaid();
    const mixed = await caller.ended(await caller.start(fromCsv("typed.csv", { namespace: "few" })));
    expect([mixed.status, mixed.error]).toEqual([
      "FAILED",
      expect.stringContaining("Namespace second-model"),
    ]);
    // The preflight of the task embeds one word.
    expect((await stack.textsPaid()) - before).toBe(1);
    const unknown = await caller.call("POST /process", {
      body: fromCsv("models.csv", { model: "text-embedding-3-large" }),
    });
    expect([unknown.status, JSON.stringify(unknown.body)]).toEqual([
      400,
      expect.stringContaining("catchup:models"),
    ]);
  });

  test("that cannot be read ends its task with what is wrong with it", async () => {
    await caller.upload("broken.csv", "id,text\n1,x");
    const task = await caller.ended(await caller.start(fromCsv("broken.csv")));
    expect(task).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("there is no column formatted_text"),
    });
    expect(await caller.ended(await caller.start(fromCsv("missing.csv")))).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining('There is no object "missing.csv"'),
    });
  });
});

test("a question is exported for its dates, stored in S3 and indexed", async () => {
  const task = await caller.ended(
    await caller.start({ question_id: 42, start_date: "2020-01-01", end_date: "2030-01-01" }),
  );
  const { total_records, processed_records, failed_records } = task.progress;
  expect(total_records).toBeGreaterThan(0);
  expect(processed_records + failed_records).toBe(total_records);
  expect(await caller.failed(task.task_id)).toHaveLength(failed_records);
});

test("only failed records are retried, and nothing is retried that did not fail", async () => {
  await caller.upload("corrected.csv", `${csvOf(3)}\n0003,,2026-11-01,1`);
  const first = await caller.ended(await caller.start(fromCsv("corrected.csv", { namespace: "corrected" })));
  const { status, body } = await caller.call(`POST /tasks/${first.task_id}/retry-failed`);
  expect([status, body]).toEqual([202, expect.objectContaining({ retry_of: first.task_id })]);
  const retried = await caller.ended(String(body.task_id));
  expect(retried).toMatchObject({ status: "FAILED", progress: { total_records: 1, failed_records: 1 } });
  const complete = await caller.ended(await caller.start(fromCsv("many.csv", { namespace: "plain2" })));
  expect((await caller.call(`POST /tasks/${complete.task_id}/retry-failed`)).status).toBe(409);
});

test("a task that is cancelled stays cancelled, and its execution stops", async () => {
  await caller.upload("long.csv", csvOf(600));
  const id = await caller.start(fromCsv("long.csv", { namespace: "long" }));
  const { status, body } = await caller.call(`POST /tasks/${id}/cancel`);
  expect([status, body]).toEqual([200, expect.objectContaining({ status: "CANCELLED" })]);
  expect((await caller.call(`POST /tasks/${id}/cancel`)).status).toBe(200);
  expect(await caller.status(id)).toMatchObject({ status: "CANCELLED" });
  expect(await caller.count("long")).toBeLessThan(600);
});

describe("the API", () => {
  test("wants its key on every route", async () => {
    for (const route of [
      "GET /process",
      "GET /status",
      "GET /tasks",
      "POST /tasks/x/cancel",
      "GET /openapi.json",
    ]) {
      expect([route, (await caller.call(route, { headers: { "x-api-key": "wrong" } })).status]).toEqual([
        route,
        403,
      ]);
    }
  });

  test("answers a page of an allowed origin: its preflight without a key, its calls, and the refusals of the gateway", async () => {
    const preflight = (origin: string) =>
      fetch(`${caller.outputs.url}/process`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
    const allowed = await preflight(page);
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([204, page]);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("x-api-key");
    const refused = await preflight("https://evil.example");
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([204, null]);

    const originOf = async (path: string, headers: Record<string, string>) => {
      const answer = await fetch(`${caller.outputs.url}${path}`, { headers: { origin: page, ...headers } });
      return [answer.status, answer.headers.get("access-control-allow-origin")];
    };
    expect(await originOf("/health", {})).toEqual([200, page]);
    expect(await originOf("/tasks", { "x-api-key": "wrong" })).toEqual([403, page]);
  });

  test("names every invalid parameter at once, and exposes no internals", async () => {
    const { status, body } = await caller.call(
      "GET /process?start_date=soon&batch_size=0&data_source=ftp&limit=3",
    );
    expect(status).toBe(400);
    const problems = body.problems as { parameter: string; accepted: string }[];
    expect(problems.map(({ parameter }) => parameter).sort()).toEqual([
      "batch_size",
      "data_source",
      "limit",
      "start_date",
    ]);
    expect((await caller.call("GET /status?task_id=1")).status).toBe(400);
    expect((await caller.call("GET /status?task_id=task-20260101000000-0123456789abcdef")).status).toBe(404);
  });

  test("gives the same task for the same key, and for the same request while it runs", async () => {
    await caller.upload("same.csv", csvOf(100));
    const body = fromCsv("same.csv", { namespace: "same" });
    const headers = { "Idempotency-Key": "one" };
    const first = await caller.call("POST /process", { body, headers });
    const other = await caller.call("POST /process", { body });
    expect(other.body.task_id).toBe(first.body.task_id);
    await caller.ended(String(first.body.task_id));
    const later = await caller.call("POST /process", { body, headers });
    expect(later.body.task_id).toBe(first.body.task_id);
    const misused = await caller.call("POST /process", { body: { ...body, batch_size: 5 }, headers });
    expect(misused.status).toBe(422);
  });

  test("lists tasks newest first, a page at a time, and serves its own description", async () => {
    const page = await caller.call("GET /tasks?limit=2");
    const next = await caller.call(`GET /tasks?limit=2&cursor=${page.body.next_cursor}`);
    const created = [page, next].flatMap(({ body }) => body.tasks as { created_at: string }[]);
    const times = created.map(({ created_at }) => created_at);
    expect(times).toHaveLength(4);
    expect(times).toEqual([...times].sort().reverse());
    expect((await caller.call("GET /openapi.json")).body.openapi).toBe("3.1.0");
  });
});

test("no process of the stack was refused anything", async () => {
  expect(await stack.problems()).toEqual([]);
  for (const group of Object.values(caller.outputs.logGroups)) {
    expect(await stack.logged(group, "AccessDenied")).toEqual([]);
  }
});
