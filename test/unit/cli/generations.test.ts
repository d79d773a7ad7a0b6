import { readArguments, shardsMeant } from "../../../cli/generations/arguments.ts";
import { inParts } from "../../../cli/generations/rebuild-shard.ts";
import { generationTable, rebuiltText, restoredText } from "../../../cli/generations/report.ts";
import type { ListAnswer, RebuildAnswer } from "../../../core/collections/generations/generations-request.ts";

const facts = {
  written_at: "2026-11-25T10:00:01.234Z",
  vectors: 120,
  bytes: 1_250_000,
  base: "00000001-1",
  restored: null,
  rebuilt: false,
  database: "00000001-1",
  segments: 0,
  receipts: 4,
};
const generations: ListAnswer["generations"] = [
  {
    generation: 3,
    name: "00000003-4",
    head: true,
    facts: { ...facts, base: "00000002-2", restored: "00000001-1", segments: 2 },
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
    [["lines", "--yes"], /^--yes is only for --restore\./],
    [["lines", "--purge"], /--purge/],
    [["lines", "--rebuild", "--restore", "2"], /^Use one of --restore, --rebuild and --export\./],
    [["lines", "--rebuild", "--export", "x"], /^Use one of --restore, --rebuild and --export\./],
    [["lines", "--export", "x", "--shard", "1"], /^--export takes the whole collection/],
    [["lines", "--export", "https://bucket/x"], /^--export takes s3:\/\/BUCKET\/PREFIX or a folder/],
    [["lines", "--export", "s3://B"], /^--export takes s3:\/\/BUCKET\/PREFIX or a folder/],
  ])("%j is refused", (args, why) => {
    expect(() => readArguments(args)).toThrow(why);
  });

  test("help needs nothing else", () => {
    expect(readArguments(["--help"]).help).toBe(true);
  });

  test.each([
    ["s3://my-bucket", { kind: "bucket", bucket: "my-bucket", prefix: "" }],
    ["s3://my-bucket/", { kind: "bucket", bucket: "my-bucket", prefix: "" }],
    ["s3://my-bucket/for/others/", { kind: "bucket", bucket: "my-bucket", prefix: "for/others/" }],
    ["./export", { kind: "folder", path: "./export" }],
  ])("%s is where an export goes", (text, target) => {
    expect(readArguments(["lines", "--export", text]).export).toEqual(target);
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
  test("is one line per generation: content, base, which is published, which is corrupt", () => {
    expect(generationTable({ generations })).toEqual([
      "generation  name        published            vectors   MB  base                                        receipts  database    segments",
      "         3  00000003-4  2026-11-25 10:00:01      120  1.3  00000002-2, with the content of 00000001-1         4  00000001-1         2  head",
      "         2  00000002-2                                                                                                                 corrupt",
      "         1  00000001-1  2026-11-25 10:00:01      120  1.3  none                                               4  own                0",
    ]);
    expect(generationTable({ generations: [] })).toEqual(["Nothing is published."]);
  });

  test("a rebuilt generation has the deltas as its base", () => {
    const [head] = generations;
    if (!head?.facts) throw new Error("The head has facts.");
    const rebuilt = { ...head, facts: { ...head.facts, restored: null, rebuilt: true } };
    expect(generationTable({ generations: [rebuilt] })[1]).toContain("deltas, in place of 00000002-2");
  });

  test("a rebuild continues until it is published, and reports what it left out", async () => {
    const published = {
      state: "published" as const,
      rebuild: "r",
      generation: 5,
      name: "00000005-6",
      receipts: 7,
      vectors: 90,
      left_out: 0,
      named: [],
    } satisfies RebuildAnswer;
    const unfinished = { state: "unfinished", rebuild: "r", done: 3, known: 7 } as const;
    const asked: (string | undefined)[] = [];
    const answer = await inParts(async (rebuild) => {
      asked.push(rebuild);
      return asked.length < 3 ? unfinished : published;
    });
    expect(asked).toEqual([undefined, "r", "r"]);
    expect(rebuiltText("lines", answer)).toEqual([
      "lines: generation 5 (00000005-6) is published, rebuilt from the deltas of 7 receipts: 90 vectors.",
    ]);
    expect(rebuiltText("lines", { ...published, left_out: 1, named: ["IMAGE#a: gone"] }).slice(1)).toEqual([
      "1 receipts were left out, because their deltas cannot be read: `npm run verify -- --repair` embeds them again.",
      "  IMAGE#a: gone",
    ]);
  });

  test("after a restore is what is published, what is redriven, and which generations have no readable manifest", () => {
    const answer = { generation: 4, name: "00000004-5", content: "00000001-1", receipts: 7 };
    expect(restoredText("lines", { ...answer, silent: [] })).toEqual([
      "lines: generation 4 (00000004-5) is published, with the content of 00000001-1.",
      "7 newer receipts are redriven; the next cycles publish them again.",
    ]);
    const [, receipts, silent] = restoredText("lines", { ...answer, receipts: 0, silent: ["00000003-4"] });
    expect(receipts).toBe("No newer receipt has to be published again.");
    expect(silent).toMatch(/^00000003-4 has no readable manifest.*`npm run verify -- --repair`/);
  });
});
