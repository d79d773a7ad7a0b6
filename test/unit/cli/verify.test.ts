import { FunctionFailedError } from "../../../cli/invoke-function.ts";
import { lookAtShard } from "../../../cli/verify/look-at-shards.ts";
import { corruptOf, exitCodes, type Looked, verdictOf } from "../../../cli/verify/looked.ts";
import { detailLines, jsonOf, rejectedText, summaryLines, verdictText } from "../../../cli/verify/report.ts";
import { type ShardReport, shardReport } from "../../../core/verify/report.ts";
import type { VerifyRequest } from "../../../core/verify/request.ts";
import { parseVerifyRequest, VerifyRequestInvalidError } from "../../../core/verify/request.ts";

const clean: ShardReport = {
  shard: "lines",
  generation: "00000007-9",
  numbers: false,
  model: "m",
  dimensions: 8,
  receipts: 2,
  vectors: 50,
  missing: 0,
  extra: 0,
  stale: 0,
  unknown: 0,
  without_run: 0,
  without_delta: 0,
  failed: 0,
  on_their_way: 0,
  waiting: [],
  faulty: 0,
  findings: [],
  seconds: 1,
  next: null,
};
const receipt = "IMAGE#a#RECEIPT#00001";
const lacking: ShardReport = {
  ...clean,
  missing: 1,
  faulty: 1,
  findings: [{ receipt, fault: "differs", missing: 1, extra: 0, stale: 0, vectors: ["missing x"] }],
};
const unknown: ShardReport = {
  ...clean,
  unknown: 2,
  faulty: 1,
  findings: [{ receipt, fault: "unknown", missing: 0, extra: 2, stale: 0, vectors: ["extra y"] }],
};
const of = (report: ShardReport): Looked => ({ shard: "lines", report });
const untold: Looked = { shard: "words", problem: "Generation 00000003-4 is corrupt.", corrupt: true };

test.each<[string, Looked[], number]>([
  ["0 where nothing differs", [of(clean)], 0],
  ["0 where receipts are in flight", [of({ ...clean, on_their_way: 3 })], 0],
  ["1 where something differs", [of(clean), of(lacking)], 1],
  ["1 where something differs and the rest could not be compared", [of(lacking), untold], 1],
  ["2 where nothing differs in what could be compared", [of(clean), untold], 2],
])("the exit code is %s", (_, looked, code) => {
  expect(exitCodes[verdictOf(looked)]).toBe(code);
});

test("a shard that takes several invocations is reported as one", async () => {
  const asked: VerifyRequest[] = [];
  const answers = [
    { ...lacking, next: receipt },
    { ...clean, receipts: 5, on_their_way: 1, waiting: ["b"] },
  ];
  const soFar: number[] = [];
  const looked = await lookAtShard(
    async (request) => {
      asked.push(request);
      return answers[asked.length - 1] ?? clean;
    },
    "lines",
    true,
    ({ receipts }) => soFar.push(receipts),
  );
  expect(asked).toEqual([
    { shard: "lines", numbers: true },
    { shard: "lines", numbers: true, after: receipt },
  ]);
  expect(soFar).toEqual([2, 7]);
  const whole = { ...lacking, receipts: 7, on_their_way: 1, waiting: ["b"], seconds: 2, next: null };
  expect(looked).toEqual(of(shardReport.parse(whole)));
});

test("what fails in one shard is reported, and stops no other", async () => {
  const broken = async () => {
    throw new VerifyRequestInvalidError(["shard: must be one of lines"]);
  };
  expect(await lookAtShard(broken, "lines", false, () => undefined)).toEqual({
    shard: "lines",
    problem: "The request is invalid: shard: must be one of lines. Use `npm run verify`.",
    corrupt: false,
  });
});

test("F46: a shard whose generation cannot be opened is known, so that repairing it rebuilds it first", async () => {
  const corrupt = async () => {
    throw new FunctionFailedError("verify", "GenerationCorruptError", "The generation is corrupt");
  };
  const looked = [of(clean), await lookAtShard(corrupt, "words", false, () => undefined)];
  expect(corruptOf(looked)).toEqual(["words"]);
});

test("one row per shard, what differs by name, and what to do", () => {
  const looked = [of(lacking), untold];
  expect(summaryLines(looked)).toEqual([
    "shard  generation             receipts  vectors  missing  extra  stale  unknown  no delta  failed  in flight",
    "lines  00000007-9                    2       50        1      0      0        0         0       0          0",
    "words  could not be compared",
  ]);
  expect(detailLines(looked)).toEqual([
    "",
    "Could not be compared:",
    "  words Generation 00000003-4 is corrupt.",
    "",
    "Differs:",
    `  lines ${receipt} differs: 1 missing\n      missing x`,
  ]);
  expect(verdictText(looked)).toMatch(/^1 receipts differ: `npm run verify -- --repair`/);
  expect(verdictText([of(unknown)])).toMatch(/^1 have vectors of unknown receipts: they are kept/);
  expect(verdictText([of({ ...clean, on_their_way: 3 })])).toMatch(/^Nothing differs; 3 receipts/);
});

test("the function refuses what it is not asked for, with every problem", () => {
  expect(() => parseVerifyRequest({ shard: 1, numbers: "yes" }, ["lines"])).toThrow(/shard: .*; numbers: /);
  expect(() => parseVerifyRequest({ shard: "words" }, ["lines"])).toThrow(/shard: must be one of lines/);
});

test("rejected rows are counted with the command that lists them, and are no difference (F36)", () => {
  expect(rejectedText(0)).toEqual([]);
  expect(rejectedText(3)).toEqual([
    "3 OCR rows were rejected and have no vector: `npm run failed -- rejected-rows` lists them.",
  ]);
  expect(JSON.parse(jsonOf({ verdict: "clean", looked: [], rejectedRows: 3 }))).toMatchObject({
    verdict: "clean",
    exit_code: 0,
    rejected_rows: 3,
  });
});

test("a count of rejected rows that cannot be read is said to be unknown, and not to be none", () => {
  expect(rejectedText(undefined)).toEqual(["The number of rejected OCR rows could not be read."]);
  expect(JSON.parse(jsonOf({ verdict: "clean", looked: [], rejectedRows: undefined }))).not.toHaveProperty(
    "rejected_rows",
  );
});
