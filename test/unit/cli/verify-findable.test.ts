import { type Answered, answerLines, verdictOfAnswers } from "../../../cli/verify/answered.ts";
import { askWhole } from "../../../cli/verify/ask-shards.ts";
import { worse } from "../../../cli/verify/looked.ts";
import { jsonOf } from "../../../cli/verify/report.ts";
import type { FindableReport } from "../../../core/findable/report.ts";
import { parseVerifyRequest, type VerifyRequest } from "../../../core/verify/request.ts";

const whole: FindableReport = {
  shard: "lines",
  generation: "00000007-9",
  exact: true,
  exact_vectors: 50_000,
  vectors: 4_000,
  asked: 1_000,
  found: 1_000,
  not_found: 0,
  missed: [],
  seconds: 1,
  next: null,
};
const id = "IMAGE#a#RECEIPT#00001#LINE#00001";
const missing: FindableReport = {
  ...whole,
  exact: false,
  found: 999,
  not_found: 1,
  missed: [{ id, why: "it is not among 10 hits, of which the last has cosine 0.4000" }],
};
const of = (report: FindableReport): Answered => ({ shard: "lines", report });
const untold: Answered = { shard: "words", problem: "The generation is corrupt." };

test.each<[string, Answered[], string]>([
  ["clean where each is found", [of(whole)], "clean"],
  ["clean where nothing was asked", [], "clean"],
  ["differs where one is not", [of(whole), of(missing)], "differs"],
  ["differs where one is not and the rest could not be searched", [of(missing), untold], "differs"],
  ["untold where a shard could not be searched", [of(whole), untold], "untold"],
])("the verdict is %s", (_, answered, verdict) => {
  expect(verdictOfAnswers(answered)).toBe(verdict);
});

test("a difference in either check is a difference, and a check that cannot run is not clean", () => {
  expect([worse("clean", "clean"), worse("clean", "untold"), worse("untold", "clean")]).toEqual([
    "clean",
    "untold",
    "untold",
  ]);
  expect([worse("untold", "differs"), worse("differs", "clean")]).toEqual(["differs", "differs"]);
});

test("a row per shard with its recall, which is 1.000 only where none is missed", () => {
  const almost = { ...missing, vectors: 100_000, asked: 100_000, found: 99_999 };
  expect(answerLines([of(whole), of(almost), untold], "5eed").slice(0, 5)).toEqual([
    "shard  generation             search       vectors  searched  found  recall",
    "lines  00000007-9             exact           4000      1000   1000   1.000",
    "lines  00000007-9             approximate   100000    100000  99999   0.999",
    "words  could not be searched",
    "The seed of the sample is 5eed: `--seed 5eed` samples the same vectors.",
  ]);
});

test("a search for all vectors prints no seed", () => {
  expect(answerLines([of(whole)], undefined).join("\n")).not.toContain("seed");
});

test("those that are not found are named with the reason, the first of them, and the rest is counted", () => {
  const missed = Array.from({ length: 30 }, (_, number) => ({ id: `${id}${number}`, why: "it has no hits" }));
  const lines = answerLines([of({ ...missing, not_found: 5_000, missed })], "5eed");
  expect(lines).toContain(`  lines ${id}0: it has no hits`);
  expect(lines.filter((line) => line.includes("it has no hits"))).toHaveLength(20);
  expect(lines).toContain("  and 4980 more; --json lists them");
});

test("what to do depends on whether Chroma's index was asked", () => {
  const last = (report: FindableReport) => answerLines([of(report)], "5eed").at(-1);
  expect(last(missing)).toMatch(/^1 of 1000 vectors are not found .* raise query:exactVectors/);
  expect(last({ ...missing, exact: true })).not.toContain("raise");
  expect(last({ ...missing, exact: true })).toContain("docs/runbooks/vectors-not-found.md");
  expect(last(whole)).toBe("Each of 1000 vectors is found by its own numbers.");
});

test("a shard that takes several invocations is searched with one seed, and reported as one", async () => {
  const findable = { sample: 1_000, seed: "5eed" };
  const requests: VerifyRequest[] = [];
  const answers = [{ ...missing, asked: 600, found: 599, next: id }, whole];
  const ask = async (request: VerifyRequest) => {
    requests.push(request);
    return answers[requests.length - 1] ?? whole;
  };
  const soFar: number[] = [];
  const answered = await askWhole(ask, "lines", findable, ({ asked }) => soFar.push(asked));
  expect(requests).toEqual([
    { shard: "lines", numbers: false, findable },
    { shard: "lines", numbers: false, findable, after: id },
  ]);
  expect(soFar).toEqual([600, 1_600]);
  const together = { exact: false, asked: 1_600, found: 1_599, not_found: 1, next: null };
  expect(answered).toMatchObject({ report: together });
  expect(verdictOfAnswers([answered])).toBe("differs");
});

test("what fails in one shard is reported, and stops no other", async () => {
  const broken = async () => {
    throw new Error("gone");
  };
  const answered = await askWhole(broken, "words", { sample: null, seed: "s" }, () => undefined);
  expect(answered).toEqual({ shard: "words", problem: expect.stringContaining("gone") });
});

test("the JSON has the answers beside the reports, and one verdict of both", () => {
  const findable = { seed: "5eed", shards: [of(missing)] };
  const json = JSON.parse(jsonOf({ verdict: "differs", looked: [], rejectedRows: 0, findable }));
  expect(json).toMatchObject({ verdict: "differs", exit_code: 1, findable: { seed: "5eed" } });
  expect(json.findable.shards[0].report.missed).toEqual(missing.missed);
});

test("the function refuses a sample of nothing and one without a seed", () => {
  const parse = (findable: object) => parseVerifyRequest({ shard: "lines", findable }, ["lines"]);
  expect(() => parse({ sample: 0 })).toThrow(/findable.sample: .*; findable.seed: /);
  expect(parse({ sample: null, seed: "s" })).toMatchObject({ findable: { sample: null, seed: "s" } });
});
