import { linesPerFolder, tableOf } from "../../../tools/coverage/lines.ts";

test("lines are counted per top folder and together", () => {
  const folders = linesPerFolder([
    { path: "core/runs/run.ts", total: 30, covered: 30 },
    { path: "core/search/rank.ts", total: 10, covered: 5 },
    { path: "cli/export.ts", total: 10, covered: 0 },
  ]);
  expect([...folders]).toEqual([
    ["cli", { total: 10, covered: 0, percent: 0 }],
    ["core", { total: 40, covered: 35, percent: 87.5 }],
    ["all", { total: 50, covered: 35, percent: 70 }],
  ]);
  expect(tableOf(folders)).toMatch(/^core +35 of 40 lines +87.5 %$/m);
});
