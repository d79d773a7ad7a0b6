import { gates, linesPerFolder, missedGates, tableOf } from "../../../tools/coverage/lines.ts";

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

test("a folder below its gate is named, and so is one without any lines in the count", () => {
  const [{ folder, percent }, ...others] = gates;
  const atGate = (name: string, least: number) =>
    [name, { total: 100, covered: least, percent: least }] as const;
  const passed = new Map(gates.map((gate) => atGate(gate.folder, gate.percent)));
  expect(missedGates(passed)).toEqual([]);
  expect(missedGates(new Map([...passed, atGate(folder, percent - 1)]))).toEqual([
    `${folder}: fewer than ${percent} % of the lines are run.`,
  ]);
  expect(missedGates(new Map())).toHaveLength(1 + others.length);
});
