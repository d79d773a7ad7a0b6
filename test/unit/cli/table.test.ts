import { table } from "../../../cli/table.ts";

const columns = [
  { title: "score", align: "right" },
  { title: "text", align: "left" },
] as const;

test("columns are as wide as their widest cell, without blanks at the end", () => {
  expect(
    table(columns, [
      ["1", "a"],
      ["0.25", "longer"],
    ]),
  ).toEqual(["score  text", "    1  a", " 0.25  longer"]);
});

test("stored text cannot steer the terminal or break its line", () => {
  expect(table(columns, [["1", "a\u001b[31mred\nb\tc\u0007"]])[1]).toBe("    1  ared b c");
});
