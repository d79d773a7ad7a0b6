import { lcovOf } from "../../../tools/coverage/lcov.ts";

test("lcov numbers lines from 1 and ends each file's record", () => {
  const files = [
    {
      path: "core/runs/run.ts",
      lines: [
        { line: 0, isRun: true },
        { line: 4, isRun: false },
      ],
    },
    { path: "cli/export.ts", lines: [] },
  ];
  expect(lcovOf(files)).toBe(
    "SF:core/runs/run.ts\nDA:1,1\nDA:5,0\nend_of_record\nSF:cli/export.ts\nend_of_record\n",
  );
});
