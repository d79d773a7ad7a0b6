import { numberParameters } from "../../../local/services/rds-data/named-parameters.ts";

describe("named parameters of a statement", () => {
  test("are numbered in the order in which they first appear", () => {
    expect(numberParameters("select * from t where a = :a and b > :b or a < :a")).toEqual({
      sql: "select * from t where a = $1 and b > $2 or a < $1",
      names: ["a", "b"],
    });
  });

  test("may be cast", () => {
    expect(numberParameters("select :vector::vector(3), :raw::jsonb").sql).toBe(
      "select $1::vector(3), $2::jsonb",
    );
  });

  test.each([
    ["a cast", "select now()::text"],
    ["a string", "select 'at 10:30, :no', 'it''s :no'"],
    ["a string with escapes", String.raw`select E'\':no', e'\\'`],
    ["a string behind a type", "select date'2026-01-01', interval':no'"],
    ["a quoted name", 'select ":no" from "a"":no"'],
    ["a line comment", "select 1 -- why :no\n"],
    ["a block comment", "select /* :no /* nested :no */ still :no */ 1"],
    ["a comment without an end", "select 1 /* :no"],
    ["a dollar quote", "do $$ begin raise ':no'; end $$"],
    ["a dollar quote with a tag", "do $body$ :no $$ :no $$ :no $body$"],
    ["a slice of an array", "select a[1:2]"],
    ["an assignment", "select f(x := 1)"],
    ["a string without an end", "select 'oh"],
    ["an identifier with dollars", "select a$b$ from t"],
  ])("are not looked for in %s", (_, sql) => {
    expect(numberParameters(sql)).toEqual({ sql, names: [] });
  });

  test("are found right after each of those", () => {
    expect(numberParameters("select ':no':a, $$:no$$:b, /* :no */:c, \":no\":d, E'\\'':e").names).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
  });
});
