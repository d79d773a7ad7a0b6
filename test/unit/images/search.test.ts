import {
  DatabaseStatementError,
  DatabaseUnavailableError,
} from "../../../core/images/database/database-errors.ts";
import { answerSearch, type SearchApiDeps } from "../../../core/images/search/answer-search.ts";
import { lexicalQuery } from "../../../core/images/search/lexical-query.ts";
import { silentLog } from "../../../core/log.ts";

/** Records what the database is asked, and fails as often as it is told to. */
function search(
  query: Record<string, string>,
  faults: { readonly embedding?: Error | "silent"; readonly database?: readonly (Error | undefined)[] } = {},
  caller: Parameters<typeof answerSearch>[0]["caller"] = { apiKeyId: "key-1" },
) {
  const asked: Record<string, unknown>[] = [];
  const slept: number[] = [];
  let ring = () => {};
  const rung = new Promise<void>((resolve) => {
    ring = resolve;
  });
  const deps: SearchApiDeps = {
    usersByKeyId: { "key-1": "ann" },
    database: {
      async query(_row, _sql, parameters = {}) {
        const fault = faults.database?.[asked.length];
        asked.push({ ...parameters });
        if (fault !== undefined) throw fault;
        return [];
      },
    },
    vectors: {
      async of() {
        if (faults.embedding === "silent") {
          // Time passes only while the provider is silent.
          ring();
          return new Promise(() => {});
        }
        if (faults.embedding !== undefined) throw faults.embedding;
        return [1, 0];
      },
    },
    weights: { lexical: 0.3, vector: 0.7 },
    rankConstant: 15,
    clock: {
      now: () => 0,
      sleep: (ms) => {
        slept.push(ms);
        return rung;
      },
    },
    log: silentLog,
  };
  return answerSearch({ caller, query }, deps).then((answer) => ({ ...answer, asked, slept }));
}

const refusedStatement = new DatabaseStatementError("ERROR: syntax error in tsquery; SQLState: 42601");

describe("a search over images", () => {
  test("asks both sides as the user of the key", async () => {
    const { status, body, asked } = await search({ q: "train times" });
    expect(status).toBe(200);
    expect(body).toEqual({ query: "train times", mode: "hybrid", hits: [] });
    expect(asked).toMatchObject([
      { user: "ann", k: 10, any: "train or times", useLexical: true, useVector: true, vector: "[1,0]" },
    ]);
  });

  test("is the signer's where the request is signed, whatever key it has", async () => {
    const signed = { apiKeyId: "key-1", userArn: "arn:aws:sts::1:assumed-role/app/bob" };
    const { asked } = await search({ q: "x" }, {}, signed);
    expect(asked[0]?.user).toBe("bob");
  });

  test.each([[{}], [{ apiKeyId: "another" }], [{ apiKeyId: null, userArn: null }]])(
    "of nobody is refused",
    async (caller) => {
      expect((await search({ q: "x" }, {}, caller)).status).toBe(403);
    },
  );

  test.each([
    [{}, "q is missing"],
    [{ q: " \u200b" }, "q has no visible text"],
    [{ q: "x".repeat(1_001) }, "q has more than 1000 characters"],
    [{ q: "x", k: "0" }, "k is not from 1 to 100"],
    [{ q: "x", k: "101" }, "k is not from 1 to 100"],
    [{ q: "x", k: "many" }, "k is not a number"],
    [{ q: "x", mode: "best" }, "mode is not one of hybrid, vector, lexical"],
    [{ q: "x", user: "bob" }, "user is not a parameter"],
  ])("with %j is refused", async (query, problem) => {
    const { status, body, asked } = await search(query as Record<string, string>);
    expect(status).toBe(422);
    expect(body).toMatchObject({ error: { problems: [problem] } });
    expect(asked).toEqual([]);
  });

  test.each([new Error("invalid key sk-1234 of account 7"), "silent"] as const)(
    "without vectors (%s) is answered by words within seconds, and says so",
    async (embedding) => {
      const { status, body, asked, slept } = await search({ q: "x" }, { embedding });
      expect(status).toBe(200);
      expect(body).toMatchObject({ mode: "lexical", degraded: expect.stringContaining("Only the words") });
      expect(JSON.stringify(body)).not.toMatch(/sk-1234|account/);
      expect(slept).toEqual([5_000]);
      expect(asked).toMatchObject([{ useLexical: true, useVector: false, vector: null }]);
    },
  );

  test("without words is answered by vectors, and says so", async () => {
    const { body, asked } = await search({ q: "x" }, { database: [refusedStatement] });
    expect(body).toMatchObject({ mode: "vector", degraded: expect.stringContaining("Only the meaning") });
    expect(asked[1]).toMatchObject({ useLexical: false, useVector: true });
  });

  test.each([
    [{ q: "x" }, { embedding: new Error("down"), database: [new DatabaseUnavailableError("resuming")] }],
    [{ q: "x" }, { database: [refusedStatement, refusedStatement] }],
    [{ q: "x" }, { database: [new DatabaseUnavailableError("resuming")] }],
    [{ q: "x", mode: "vector" }, { embedding: new Error("down") }],
    [{ q: "x", mode: "lexical" }, { database: [refusedStatement] }],
  ])("that nobody can answer is an error, not an empty list (%j)", async (query, faults) => {
    expect(await search(query, faults)).toMatchObject({
      status: 503,
      body: {
        error: {
          code: "search_unavailable",
          message: "The search could not be answered. Try again; a paused database starts within a minute.",
        },
      },
    });
  });
});

test.each([
  ["train times", { any: "train or times", none: "" }],
  ['"train times" sunday', { any: '"train times" or sunday', none: "" }],
  ["cake -nuts", { any: "cake", none: "-nuts" }],
  ['cake -"pine nuts"', { any: "cake", none: '-"pine nuts"' }],
  ["cake or and pie", { any: "cake or pie", none: "" }],
  ['half "open', { any: "half or open", none: "" }],
  ["-", { any: "", none: "" }],
])("the words of %j", (question, expected) => {
  expect(lexicalQuery(question)).toEqual(expected);
});
