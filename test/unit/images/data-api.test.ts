import { RDSDataClient } from "@aws-sdk/client-rds-data";
import * as z from "zod";
import { DataApiDatabase } from "../../../core/images/database/data-api-database.ts";

interface Fault {
  readonly name: string;
  readonly message?: string;
  readonly status?: number;
}

/** The real client over answers in turn: the rows of a statement, or a fault. */
function open(answers: readonly (object[] | Fault | "no rows")[], giveUpAt = 600_000) {
  const sent: { path: string; body: Record<string, unknown> }[] = [];
  let now = 0;
  const client = new RDSDataClient({
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { path: string; body: string }) => {
        const answer = answers[sent.length] ?? [];
        sent.push({ path: request.path, body: JSON.parse(request.body) });
        const isRows = Array.isArray(answer);
        if (answer === "no rows") {
          const body = new TextEncoder().encode('{"numberOfRecordsUpdated":1}');
          return { response: { statusCode: 200, headers: {}, body } };
        }
        const body = isRows
          ? { formattedRecords: JSON.stringify(answer), numberOfRecordsUpdated: 1, transactionId: "t" }
          : { message: answer.message ?? "no reason" };
        const headers = {
          "content-type": "application/json",
          ...(isRows ? {} : { "x-amzn-errortype": answer.name }),
        };
        return {
          response: {
            statusCode: isRows ? 200 : (answer.status ?? 400),
            headers,
            body: new TextEncoder().encode(JSON.stringify(body)),
          },
        };
      },
    } as never,
    streamCollector: async (stream: unknown) => stream as Uint8Array,
  });
  const database = new DataApiDatabase({
    client,
    clusterArn: "c",
    secretArn: "s",
    database: "d",
    giveUpAt,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    },
  });
  return { database, sent, elapsed: () => now };
}

const one = z.object({ n: z.number() });
const resuming: Fault = { name: "DatabaseResumingException", message: "The database is resuming" };
const conflict: Fault = { name: "DatabaseErrorException", message: "ERROR: duplicate key; SQLState: 23505" };

test("sends named parameters of each type and parses the rows", async () => {
  const { database, sent } = open([[{ n: 1 }]]);
  const parameters = { text: "a", whole: 1, part: 0.5, is: true, none: null };
  expect(await database.query(one, "select 1 as n", parameters)).toEqual([{ n: 1 }]);
  expect(sent[0]?.body.parameters).toEqual([
    { name: "text", value: { stringValue: "a" } },
    { name: "whole", value: { longValue: 1 } },
    { name: "part", value: { doubleValue: 0.5 } },
    { name: "is", value: { booleanValue: true } },
    { name: "none", value: { isNull: true } },
  ]);
});

test("a database that starts for 40 seconds is waited for, which is no failed attempt", async () => {
  const { database, elapsed } = open([...Array.from({ length: 20 }, () => resuming), [{ n: 1 }]]);
  expect(await database.query(one, "select 1 as n")).toEqual([{ n: 1 }]);
  expect(elapsed()).toBe(40_000);
});

test("a database that does not start before the deadline is unavailable", async () => {
  const { database, elapsed } = open(
    Array.from({ length: 99 }, () => resuming),
    10_000,
  );
  await expect(database.query(one, "select 1")).rejects.toMatchObject({ code: "VK_DATABASE_UNAVAILABLE" });
  expect(elapsed()).toBeLessThan(10_000);
});

test("a failure of the service is retried a few times", async () => {
  const fault: Fault = { name: "InternalServerErrorException", status: 500 };
  const { database } = open([fault, fault, [{ n: 1 }]]);
  expect(await database.query(one, "select 1 as n")).toEqual([{ n: 1 }]);
  const broken = open(Array.from({ length: 99 }, () => fault));
  await expect(broken.database.execute("select 1")).rejects.toMatchObject({
    code: "VK_DATABASE_UNAVAILABLE",
  });
  expect(broken.sent).toHaveLength(5);
});

test("a transaction that conflicts with another one is rolled back and run again", async () => {
  const { database, sent } = open([[], conflict, [], [], [{ n: 2 }], []]);
  const rows = await database.transaction(({ query }) => query(one, "insert"));
  expect(rows).toEqual([{ n: 2 }]);
  expect(sent.map(({ path }) => path)).toEqual([
    "/BeginTransaction",
    "/Execute",
    "/RollbackTransaction",
    "/BeginTransaction",
    "/Execute",
    "/CommitTransaction",
  ]);
});

test("a statement that PostgreSQL refuses is not repeated", async () => {
  const refusal: Fault = { name: "DatabaseErrorException", message: "ERROR: no such table; SQLState: 42P01" };
  const { database, sent } = open([refusal]);
  await expect(database.execute("select 1")).rejects.toMatchObject({
    code: "VK_DATABASE_STATEMENT",
    sqlState: "42P01",
  });
  expect(sent).toHaveLength(1);
});

test("a refused caller is a matter of configuration", async () => {
  const { database } = open([{ name: "ForbiddenException", status: 403 }]);
  await expect(database.execute("select 1")).rejects.toMatchObject({ code: "VK_DATABASE_NOT_ALLOWED" });
});

test("a statement without a result is no empty list", async () => {
  const { database } = open(["no rows"]);
  await expect(database.query(one, "delete")).rejects.toMatchObject({ code: "VK_DATABASE_ROW_INVALID" });
});

test("a row with other columns than promised is an error", async () => {
  const { database } = open([[{ m: 1 }]]);
  await expect(database.query(one, "select 1")).rejects.toMatchObject({ code: "VK_DATABASE_ROW_INVALID" });
});
