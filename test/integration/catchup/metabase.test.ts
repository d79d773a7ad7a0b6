import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import { planOf } from "../../../core/catchup/sources/make-plan.ts";
import { cardOf } from "../../../core/catchup/sources/metabase.ts";
import { rowsOfChunk } from "../../../core/catchup/sources/read-chunk.ts";
import { readChunks } from "../../../core/catchup/sources/stored-plan.ts";
import { newTaskId } from "../../../core/catchup/tasks/task.ts";
import { serveLoopback } from "../../../local/loopback-server.ts";
import type { Question } from "../../../local/metabase/question.ts";
import { type MetabaseServer, serveMetabase } from "../../../local/metabase/server.ts";
import { MemoryObjects } from "../../unit/catchup/memory-objects.ts";
import { requestOf } from "../../unit/catchup/requests.ts";

const perDay = 10;
const question: Question = {
  id: 12,
  columns: ["id", "formatted_text", "created_at"],
  rows: Array.from({ length: 80 }, (_, n) => [
    n,
    `Row ${n}, "quoted"\nin two lines`,
    new Date(Date.UTC(2024, 2, 1 + Math.floor(n / perDay), 12)).toISOString(),
  ]),
  dateColumn: "created_at",
};

let metabase: MetabaseServer;
const work = new MemoryObjects();

beforeAll(async () => {
  metabase = await serveMetabase({ port: 0, questions: [question] });
});
beforeEach(() => work.objects.clear());
afterAll(() => metabase.close());

function plan(
  changed: { start?: string; end?: string; question_id?: string; rowCap?: number; url?: string } = {},
) {
  const {
    start = "2024-03-01",
    end = "2024-03-02",
    question_id = "12",
    rowCap = 1_000,
    url = metabase.url,
  } = changed;
  return planOf(
    newTaskId(Date.now()),
    requestOf({ data_source: "metabase", question_id, start_date: start, end_date: end }),
    {
      source: new MemoryObjects(),
      work,
      limits: { rows: 7, bytes: 1_000_000 },
      metabase: { url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000, rowCap },
    },
  );
}

async function idsOf(made: Awaited<ReturnType<typeof plan>>): Promise<number[]> {
  const chunks = await readChunks(made, work);
  const rows = await Promise.all(
    chunks.map(async (chunk) =>
      rowsOfChunk(await work.readRange(chunk.key, chunk.etag, chunk.first, chunk.last), chunk, made),
    ),
  );
  expect(rows.flat().map(({ row }) => row)).toEqual(Array.from({ length: made.rows }, (_, n) => n + 1));
  return rows.flat().map(({ source }) => Number(source.id));
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test("a question is asked for the dates, and what it answers goes to S3 first", async () => {
  const made = await plan();
  expect(made).toMatchObject({ rows: 20, chunks: 3, columns: question.columns });
  expect(made.date_column).toBeUndefined();
  expect(await idsOf(made)).toEqual(upTo(20));
  expect(work.keys("sources/")).toHaveLength(1);
});

test("an export that reaches the row cap may have been cut: its dates are halved until none does", async () => {
  const made = await plan({ end: "2024-03-08", rowCap: 25 });
  expect(made.rows).toBe(80);
  expect(await idsOf(made)).toEqual(upTo(80));
  expect(work.keys("sources/")).toHaveLength(4);
});

test("one day over the cap cannot be halved, and fails rather than lose rows", async () => {
  await expect(plan({ end: "2024-03-08", rowCap: perDay })).rejects.toMatchObject({
    name: "QuestionFailedError",
    message: expect.stringContaining("10 rows for 2024-03-01 alone"),
  });
});

test("what passes is tried again", async () => {
  metabase.failNext({ kind: "status", status: 503 }, { kind: "status", status: 429 });
  expect((await plan()).rows).toBe(20);
});

test("what does not pass ends after five attempts, and is no fault of the question", async () => {
  let asked = 0;
  const broken = await serveLoopback(0, async (_, response) => {
    asked += 1;
    response.writeHead(502, { "retry-after-ms": "1" }).end();
  });
  const failure = await plan({ url: broken.url }).catch((error: Error) => error);
  await broken.close();
  expect(failure).toMatchObject({
    name: "MetabaseUnavailableError",
    message: expect.stringContaining("HTTP 502"),
  });
  expect(asked).toBe(5);
});

test("F23: a 429 defers the question and does not count as an attempt", async () => {
  let asked = 0;
  const { url, close } = await serveLoopback(0, async (_, response) => {
    asked += 1;
    if (asked <= 8) response.writeHead(429, { "retry-after-ms": "1" }).end();
    else response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  const options = { url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000 };
  expect(await cardOf(options, "12")).toBeDefined();
  await close();
  expect(asked).toBe(9);
});

test("F23: a 429 that asks to wait beyond the deadline ends the attempt at once", async () => {
  const busy = await serveLoopback(0, async (_, response) => {
    response.writeHead(429, { "retry-after": "3600" }).end();
  });
  const options = { url: busy.url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000 };
  const failure = await cardOf(options, "12").catch((error: Error) => error);
  await busy.close();
  expect(failure).toMatchObject({
    name: "MetabaseUnavailableError",
    message: expect.stringContaining("429"),
  });
});

test.each([401, 403])("HTTP %i is reported without the key (F24)", async (status) => {
  const strict = await serveLoopback(0, async (_, response) => {
    response.writeHead(status).end("mb-secret");
  });
  const failure = await plan({ url: strict.url }).catch((error: Error) => error);
  await strict.close();
  expect(failure).toMatchObject({ name: "MetabaseNotAllowedError" });
  expect(String(failure)).not.toContain("mb-secret");
});

describe("a failed query is a failed task, with the reason of the database", () => {
  test.each([
    ["before its headers are sent", { kind: "failed query", status: 202, error: "no such table" }],
    ["under the name of a file", { kind: "failed query", status: 200, error: "no such table" }],
    ["at its first row", { kind: "fails after", rows: 0, error: "no such table" }],
    [
      "after the first rows, which are not all (F18)",
      { kind: "fails after", rows: 15, error: "no such table" },
    ],
  ] as const)("%s", async (_, fault) => {
    metabase.failNext(fault);
    await expect(plan()).rejects.toMatchObject({
      name: "QuestionFailedError",
      message: expect.stringContaining("no such table"),
    });
    expect(work.keys("plans/")).toEqual([]);
  });
});

test("a connection that breaks during the export leaves no plan of half the rows (F18)", async () => {
  const broken = await serveLoopback(0, async (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" });
    response.write("id,formatted_text\n1,a\n", () => setTimeout(() => response.destroy(), 20));
  });
  await expect(plan({ url: broken.url })).rejects.toThrow();
  await broken.close();
  expect(work.keys("plans/")).toEqual([]);
});

test("a question that there is not is named", async () => {
  await expect(plan({ question_id: "99" })).rejects.toMatchObject({
    name: "QuestionFailedError",
    message: expect.stringContaining("question 99"),
  });
});

describe("F34: the words of Metabase reach the task", () => {
  async function failureBefore(status: number, type: string, body: string): Promise<Error> {
    const server = await serveLoopback(0, async (request, response) => {
      if (request.method === "GET") response.writeHead(200, { "content-type": "application/json" }).end("{}");
      else response.writeHead(status, { "content-type": type, "retry-after-ms": "1" }).end(body);
    });
    const failure = await plan({ url: server.url }).catch((error: Error) => error);
    await server.close();
    return failure as Error;
  }

  test.each([
    [
      400,
      "application/json",
      '{"message":"Card 12 has no tag start_date"}',
      "QuestionFailedError",
      "has no tag",
    ],
    [
      400,
      "application/json",
      '{"errors":{"parameters":"must be a list"}}',
      "QuestionFailedError",
      "must be a list",
    ],
    [
      500,
      "application/json",
      '{"status":"failed","error":"relation does not exist"}',
      "QuestionFailedError",
      "relation",
    ],
    [
      503,
      "application/json",
      '{"message":"Metabase is starting"}',
      "MetabaseUnavailableError",
      "is starting",
    ],
    [200, "text/html", "<html>Sign in</html>", "QuestionFailedError", "HTTP 200 with text/html"],
    [200, "text/csv", "", "QuestionFailedError", "its export is empty"],
    [200, "application/json", '{"message":"killed"}', "QuestionFailedError", "killed"],
    [202, "application/json", '{"error":{"message":"killed"}}', "QuestionFailedError", "killed"],
  ])("HTTP %i, %s: %s is %s", async (status, type, body, name, words) => {
    expect(await failureBefore(status, type, body)).toMatchObject({
      name,
      message: expect.stringContaining(words),
    });
  });
});

describe("a question as it is", () => {
  const rows = ["2024-03-01", "2024-03-02", "2024-03-09"].map((day, n) => [n, `Row ${n}`, day]);
  const questions: readonly Question[] = [
    { id: 20, columns: ["id", "formatted_text", "created_at"], rows },
    {
      id: 21,
      columns: ["Order No", "Body", "Created At"],
      rows,
      dateColumn: "Created At",
      variables: { start: "Von", end: "Bis" },
    },
  ];
  let other: MetabaseServer;

  beforeAll(async () => {
    other = await serveMetabase({ port: 0, questions });
  });
  afterAll(() => other.close());

  function planned(changed: Partial<ProcessRequest>, rowCap = 1_000) {
    return planOf(newTaskId(Date.now()), requestOf({ data_source: "metabase", ...changed }), {
      source: work,
      work,
      limits: { rows: 7, bytes: 1_000_000 },
      metabase: { url: other.url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000, rowCap },
    });
  }

  test("without variables for dates is asked for all it has, and its rows are filtered like a file's", async () => {
    expect(await planned({ question_id: "20" })).toMatchObject({ rows: 3, date_column: "created_at" });
    expect(await planned({ question_id: "20", all_dates: true })).toMatchObject({ rows: 3 });
    expect((await planned({ question_id: "20", all_dates: true })).date_column).toBeUndefined();
  });

  test("without variables for dates cannot be split, and fails rather than lose rows", async () => {
    await expect(planned({ question_id: "20" }, 3)).rejects.toMatchObject({
      name: "QuestionFailedError",
      message: expect.stringContaining("no variables for dates by which it could be split"),
    });
  });

  test("with names of its own is read by what the request says of them", async () => {
    const names = { id_column: "order_no", text_column: "body", start_variable: "von", end_variable: "bis" };
    const made = await planned({ question_id: "21", date_column: "created_at", ...names });
    expect(made).toMatchObject({ rows: 2, columns: ["id", "formatted_text", "created_at"] });
  });

  test("whose column is not there is refused by its name", async () => {
    await expect(planned({ question_id: "20", id_column: "order_no" })).rejects.toMatchObject({
      name: "CsvHeaderInvalidError",
      message: expect.stringContaining("there is no column order_no, which the request calls id"),
    });
  });

  test("with a column of the product's own name beside the one that is meant is refused", async () => {
    await expect(planned({ question_id: "20", id_column: "formatted_text" })).rejects.toMatchObject({
      message: expect.stringContaining("there is a column id beside formatted_text"),
    });
  });
});
