import { join } from "node:path";
import { readCsv } from "../../local/metabase/csv.ts";
import { type Question, readQuestions } from "../../local/metabase/question.ts";
import { type MetabaseServer, serveMetabase } from "../../local/metabase/server.ts";

const samples = join(__dirname, "../../samples/questions");

/** 5,000 rows over 50 days. */
const many: Question = {
  id: 7,
  columns: ["id", "formatted_text", "created_at", "amount"],
  rows: Array.from({ length: 5000 }, (_, n) => [
    n,
    `Row ${n}, "quoted"\nin two lines`,
    new Date(Date.UTC(2026, 0, 1 + Math.floor(n / 100))).toISOString(),
    n * 1000.5,
  ]),
  dateColumn: "created_at",
};

let server: MetabaseServer;

beforeAll(async () => {
  server = await serveMetabase({ port: 0, questions: [many, ...(await readQuestions(samples))] });
});

afterAll(() => server.close());

function post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/api/card/${path}`, {
    method: "POST",
    headers: { "x-api-key": "any", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

const variable = (name: string, value: string, type = "date/single") => ({
  type,
  target: ["variable", ["template-tag", name]],
  value,
});

async function exportedIds(body: object): Promise<unknown[]> {
  const [, ...rows] = readCsv(await (await post("7/query/csv", body)).text());
  return rows.map(([id]) => id);
}

describe("an export", () => {
  test("has every row, as CSV with quotes where they are needed", async () => {
    const answer = await post("7/query/csv");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/csv"]);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    const [header, ...rows] = readCsv(await answer.text());
    expect(header).toEqual(many.columns);
    expect(rows).toEqual(many.rows);
  });

  test("has every row as JSON, by column name", async () => {
    const rows = (await (await post("7/query/json")).json()) as unknown[];
    expect(rows).toHaveLength(5000);
    expect(rows[3]).toEqual({
      id: 3,
      formatted_text: 'Row 3, "quoted"\nin two lines',
      created_at: "2026-01-01T00:00:00.000Z",
      amount: 3001.5,
    });
  });

  test("shows numbers with separators where format_rows asks for it", async () => {
    const text = await (await post("7/query/csv", { format_rows: true })).text();
    expect(text).toContain('"3,001.5"');
  });

  test("takes its parameters from a form too, as JSON", async () => {
    const form = new URLSearchParams({
      parameters: JSON.stringify([variable("start_date", "2026-02-19")]),
      format_rows: "false",
    });
    const answer = await fetch(`${server.url}/api/card/7/query/csv`, {
      method: "POST",
      headers: { "x-api-key": "any" },
      body: form,
    });
    expect(readCsv(await answer.text())).toHaveLength(101);
  });

  test("of the sample has texts of several lines, other scripts and cells that mean something as text", async () => {
    const rows = (await (await post("42/query/json")).json()) as Record<string, unknown>[];
    expect(rows.map(({ id }) => id)).toEqual([1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008]);
    expect(rows[0]?.formatted_text).toContain("\nCustomer");
    expect(rows[2]?.amount).toBe("1,250.00");
    expect([rows[4]?.formatted_text, rows[6]?.amount]).toEqual([null, null]);
  });
});

describe("parameters", () => {
  const days = (first: number, last: number) =>
    Array.from({ length: (last - first + 1) * 100 }, (_, n) => (first - 1) * 100 + n);

  test.each([
    ["two variables", [variable("start_date", "2026-01-02"), variable("end_date", "2026-01-03")], days(2, 3)],
    ["one variable", [variable("start_date", "2026-02-18")], days(49, 50)],
    [
      "a field filter",
      [
        {
          type: "date/range",
          target: ["dimension", ["template-tag", "created_at"]],
          value: "2026-01-05~2026-01-06",
        },
      ],
      days(5, 6),
    ],
    [
      "a single day",
      [{ type: "date/single", target: ["dimension", ["template-tag", "created_at"]], value: ["2026-01-09"] }],
      days(9, 9),
    ],
    ["none", [], days(1, 50)],
  ])("narrow the rows: %s", async (_, parameters, ids) => {
    expect(await exportedIds({ parameters })).toEqual(ids);
  });

  test.each([
    [
      "of a tag that the question does not have",
      [variable("from", "2026-01-01")],
      /does not have a template tag named \\"from\\"/,
    ],
    [
      "of a type that the tag does not take",
      [variable("start_date", "1", "number/=")],
      /Invalid parameter type :number\/=/,
    ],
    ["without a target", [{ type: "date/single", value: "2026-01-01" }], /target/],
  ])("%s are refused", async (_, parameters, message) => {
    const answer = await post("7/query/csv", { parameters });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(message);
  });

  test("stand beside no field that Metabase does not know", async () => {
    expect((await post("7/query/csv", { start_date: "2026-01-01" })).status).toBe(400);
  });
});

test("a query result ends after 2,000 rows and reports that", async () => {
  const answer = await post("7/query");
  const { data, ...result } = (await answer.json()) as Record<string, unknown>;
  expect([answer.status, result]).toEqual([202, { status: "completed", row_count: 2000 }]);
  expect(data).toMatchObject({ rows_truncated: 2000, rows: { length: 2000 } });
});

test.each([
  ["without a key", "7/query/csv", { "x-api-key": "" }, 401, "Unauthenticated"],
  ["for a question that is not there", "8/query/csv", {}, 404, "Not found."],
  ["for another call", "7/series", {}, 404, "API endpoint does not exist."],
])("a request %s is refused", async (_, path, headers, status, text) => {
  const answer = await post(path, {}, headers as Record<string, string>);
  expect([answer.status, await answer.text()]).toEqual([status, text]);
});

describe("what may go wrong", () => {
  const error = 'ERROR: relation "orders" does not exist';

  test("an HTTP status, for the given number of queries", async () => {
    server.failNext({ kind: "status", status: 503 }, { kind: "status", status: 500 });
    const statuses = [];
    for (let query = 0; query < 3; query += 1) statuses.push((await post("42/query/csv")).status);
    expect(statuses).toEqual([503, 500, 200]);
  });

  test.each([
    [200, "csv", "text/csv"],
    [500, "csv", "application/json"],
    [202, "", "application/json"],
  ] as const)("a query that fails: %s with the failure as the body", async (status, format, contentType) => {
    server.failNext({ kind: "failed query", status, error });
    const answer = await post(`42/query/${format}`.replace(/\/$/, ""));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, contentType]);
    expect(await answer.json()).toMatchObject({ status: "failed", error });
  });

  test("a query that fails after the first rows: the failure follows them, with status 200", async () => {
    server.failNext({ kind: "fails after", rows: 3, error });
    const answer = await post("7/query/csv");
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(readCsv(text.slice(0, text.indexOf('{"status"')))).toHaveLength(4);
    expect(JSON.parse(text.slice(text.indexOf('{"status"')))).toMatchObject({ status: "failed", error });
  });

  test.each(["identity", "gzip"])("a connection that breaks, with encoding %s", async (encoding) => {
    server.failNext({ kind: "breaks off after", rows: 3 });
    const headers = { "accept-encoding": encoding };
    await expect(post("7/query/csv", {}, headers).then((answer) => answer.text())).rejects.toThrow();
  });

  test("an answer that takes its time", async () => {
    server.failNext({ kind: "slow", milliseconds: 200 });
    const began = performance.now();
    expect(readCsv(await (await post("42/query/csv")).text())).toHaveLength(9);
    expect(performance.now() - began).toBeGreaterThan(190);
  });
});
