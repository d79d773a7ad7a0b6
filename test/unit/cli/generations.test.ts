import { readArguments, shardsMeant } from "../../../cli/generations/arguments.ts";
import { generationTable, restoredText } from "../../../cli/generations/report.ts";
import type { ListAnswer } from "../../../core/collections/generations/generations-request.ts";

const facts = {
  written_at: "2026-11-25T10:00:01.234Z",
  vectors: 120,
  bytes: 1_250_000,
  base: "00000001-1",
  restored: null,
  receipts: 4,
};
const generations: ListAnswer["generations"] = [
  {
    generation: 3,
    name: "00000003-4",
    head: true,
    facts: { ...facts, base: "00000002-2", restored: "00000001-1" },
  },
  { generation: 2, name: "00000002-2", head: false, facts: null },
  { generation: 1, name: "00000001-1", head: false, facts: { ...facts, base: null } },
];

describe("the command line", () => {
  test.each([
    [[], /^Name one of lines and words\./],
    [["receipts"], /^Name one of lines and words\./],
    [["lines", "words"], /^Name one of lines and words\./],
    [["lines", "--restore", "0"], /^--restore is a number from 1, not 0\./],
    [["lines", "--restore", "latest"], /^--restore is a number from 1, not latest\./],
    [["lines", "--shard", "1.5"], /^--shard is a number from 1/],
    [["lines", "--yes"], /^--yes answers what --restore asks\./],
    [["lines", "--purge"], /--purge/],
  ])("%j is refused", (args, why) => {
    expect(() => readArguments(args)).toThrow(why);
  });

  test("help needs nothing else", () => {
    expect(readArguments(["--help"]).help).toBe(true);
  });

  test("a list is of all shards, or of the one that is named", () => {
    expect(shardsMeant(readArguments(["words"]), 1)).toEqual(["words"]);
    expect(shardsMeant(readArguments(["words"]), 2)).toEqual(["words-1of2", "words-2of2"]);
    expect(shardsMeant(readArguments(["words", "--shard", "2"]), 2)).toEqual(["words-2of2"]);
    expect(() => shardsMeant(readArguments(["words", "--shard", "3"]), 2)).toThrow(/--shard is at most 2/);
  });

  test("restoring is of one shard, which has to be named where there are several", () => {
    const asked = readArguments(["lines", "--restore", "12"]);
    expect(shardsMeant(asked, 1)).toEqual(["lines"]);
    expect(() => shardsMeant(asked, 4)).toThrow(/lines has 4 shards, .* say which with --shard/);
    expect(shardsMeant({ ...asked, shard: 4 }, 4)).toEqual(["lines-4of4"]);
  });
});

describe("what is shown", () => {
  test("is a generation a line: what it holds, where it comes from, which is published, which is damaged", () => {
    expect(generationTable({ generations })).toEqual([
      "generation  name        published            vectors   MB  made from                                   receipts",
      "         3  00000003-4  2026-11-25 10:00:01      120  1.3  00000002-2, with the content of 00000001-1         4  head",
      "         2  00000002-2                                                                                           damaged",
      "         1  00000001-1  2026-11-25 10:00:01      120  1.3  nothing                                            4",
    ]);
    expect(generationTable({ generations: [] })).toEqual(["Nothing is published."]);
  });

  test("after a restoring is what is published, what comes back, and what nobody knows of", () => {
    const answer = { generation: 4, name: "00000004-5", content: "00000001-1", receipts: 7 };
    expect(restoredText("lines", { ...answer, silent: [] })).toEqual([
      "lines: generation 4 (00000004-5) is published, with the content of 00000001-1.",
      "7 receipts that are newer are driven again; the next cycles bring them back.",
    ]);
    const [, receipts, silent] = restoredText("lines", { ...answer, receipts: 0, silent: ["00000003-4"] });
    expect(receipts).toBe("No newer receipt has to come back.");
    expect(silent).toMatch(/^00000003-4 cannot tell .*`npm run verify -- --repair`/);
  });
});
