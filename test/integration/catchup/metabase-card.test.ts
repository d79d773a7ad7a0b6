import { text } from "node:stream/consumers";
import { cardOf, exportQuestion, takesDates } from "../../../core/catchup/sources/metabase.ts";
import { parametersOf, readCard, usualCard } from "../../../core/catchup/sources/metabase-card.ts";
import { serveLoopback } from "../../../local/loopback-server.ts";
import type { Question } from "../../../local/metabase/question.ts";
import { serveMetabase } from "../../../local/metabase/server.ts";

const range = { start: "2024-03-01", end: "2024-03-02" };
const names = { start: "start_date", end: "end_date", column: "created_at" };
const rows = ["2024-03-01", "2024-03-02", "2024-03-03"].map((day, n) => [n, `Row ${n}`, day]);
const columns = ["id", "formatted_text", "created_at"];

async function exported(question: Question, asked = names): Promise<string[]> {
  await using server = await serveMetabase({ port: 0, questions: [question] }).then((one) => ({
    ...one,
    [Symbol.asyncDispose]: () => one.close(),
  }));
  const options = { url: server.url, apiKey: "mb-secret", names: asked, giveUpAt: Date.now() + 60_000 };
  const card = await cardOf(options, "12");
  const body = await text(await exportQuestion(options, "12", range, card));
  return body.trim().split("\n").slice(1);
}

test.each([
  ["start_date", "end_date"],
  ["Start_Date", "End_Date"],
  ["Start Date", "End Date"],
  ["startDate", "endDate"],
])("a question is asked by the names that its variables have: %s, %s", async (start, end) => {
  const question = { id: 12, columns, rows, dateColumn: "created_at", variables: { start, end } };
  expect(await exported(question)).toHaveLength(2);
});

test("variables of other names come from the settings", async () => {
  const question = {
    id: 12,
    columns,
    rows,
    dateColumn: "created_at",
    variables: { start: "von", end: "bis" },
  };
  expect(await exported(question, { ...names, start: "Von", end: "bis" })).toHaveLength(2);
});

test("a question without variables of dates is asked for all it has", async () => {
  expect(await exported({ id: 12, columns, rows })).toHaveLength(3);
});

const cardWith = (...tags: [string, string][]) =>
  readCard({
    dataset_query: {
      native: { "template-tags": Object.fromEntries(tags.map(([name, type]) => [name, { name, type }])) },
    },
  }) ?? usualCard;

test("a field filter on the column of dates takes both days at once", () => {
  const card = cardWith(["Created_At", "dimension"]);
  expect(parametersOf(card, names, range)).toEqual([
    {
      type: "date/range",
      target: ["dimension", ["template-tag", "Created_At"]],
      value: "2024-03-01~2024-03-02",
    },
  ]);
});

test("a variable of text takes a day as text", () => {
  const card = cardWith(["start_date", "text"], ["end_date", "date"]);
  expect(parametersOf(card, names, range)?.map(({ type }) => type)).toEqual(["category", "date/single"]);
});

test.each([
  ["no variable", cardWith(), false],
  ["only a start", cardWith(["start_date", "date"]), false],
  [
    "two that read alike",
    cardWith(["start_date", "date"], ["Start Date", "date"], ["START_DATE", "date"], ["end", "date"]),
    false,
  ],
  ["both", cardWith(["start_date", "date"], ["end_date", "date"]), true],
])("a card with %s: takes dates is %s", (_, card, takes) => {
  expect(takesDates(card, names)).toBe(takes);
});

test("a Metabase that does not describe its card is asked as before", async () => {
  const odd = await serveLoopback(0, async (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" }).end("id,formatted_text\n");
  });
  expect(await cardOf({ url: odd.url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000 }, "12")).toEqual(
    usualCard,
  );
  await odd.close();
});
