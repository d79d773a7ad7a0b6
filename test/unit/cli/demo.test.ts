import { differences, expectationsOf } from "../../../cli/demo/expectations.ts";
import type { Shown } from "../../../cli/demo/sample.ts";
import { ChangeNotShownError, untilShown } from "../../../cli/demo/until-shown.ts";
import type { Hit } from "../../../cli/search-client.ts";
import { stackOutputs } from "./stack-outputs.ts";

const item = { PK: "IMAGE#image", SK: "RECEIPT#00001#METADATA" };
const edits = {
  merchant: { ...item, field: "canonical_merchant_name", before: "Old", after: "New" },
  label: { ...item, field: "validation_status", before: undefined, after: "VALID" },
};

function hit(id: string, metadata: Hit["metadata"] = {}): Hit {
  return { id, image_id: "image", receipt_id: 1, line_id: 1, word_id: 1, text: id, score: 1, metadata };
}

const before: Shown = { lines: [hit("line")], words: [hit("9.99"), hit("TOTAL")] };
const renamed = { canonical_merchant_name: "New" };
const labelled = { ...renamed, label_TOTAL: true, label_status: "validated" };
const after: Shown = {
  lines: [hit("line", renamed)],
  words: [hit("9.99", labelled), hit("TOTAL", renamed)],
};
const word = hit("9.99");

describe("waiting until the search shows the edits", () => {
  const expectations = expectationsOf(edits, word, before);

  async function watch(looks: Shown[], maxWaitMs: number) {
    const seen: Shown[] = [];
    const look = async () => looks[Math.min(seen.length, looks.length - 1)] ?? before;
    const outcome = await untilShown(expectations, look, (shown) => seen.push(shown), maxWaitMs);
    return {
      seen,
      outcome,
      held: expectations.filter((each) => outcome.seconds.has(each)).map(({ of }) => of),
    };
  }

  test("takes each as shown when all of its hits show it, and ends with the last", async () => {
    const halfway: Shown = { lines: after.lines, words: [hit("9.99", renamed), hit("TOTAL", renamed)] };
    const { seen, outcome, held } = await watch([before, halfway, after], 60_000);
    expect(seen).toEqual([before, halfway, after]);
    expect(held).toEqual(["1 lines", "1 words", "the word 9.99"]);
    const [lines = 0, words, judged = 0] = expectations.map((each) => outcome.seconds.get(each));
    expect(words).toBe(lines);
    expect(judged).toBeGreaterThan(lines);
  });

  test("hits that are gone show nothing", async () => {
    const { held } = await watch([{ ...after, lines: [] }], 0);
    expect(held).toEqual(["1 words", "the word 9.99"]);
  });

  test("ends with its patience, and the failure names what is missing and where to look", async () => {
    const { held } = await watch([{ ...after, words: before.words }], 0);
    expect(held).toEqual(["1 lines"]);
    const logGroups = {
      ...stackOutputs.logGroups,
      streamProcessor: "/log/stream",
      compaction: "/log/compaction",
    };
    const outputs = { ...stackOutputs, logGroups };
    expect(new ChangeNotShownError(expectations.slice(2), 120, "words 3+0", outputs).message).toBe(
      "After 120 s the search does not show canonical_merchant_name = New and label_TOTAL = true on the word 9.99. " +
        "Messages in the queues (waiting+in flight): words 3+0. " +
        "A record that was rejected is in http://queue/7 with its reason; errors are in /log/stream, /log/compaction.",
    );
  });
});

test("a receipt of one word is not waited for on others", () => {
  const alone: Shown = { ...before, words: [word] };
  expect(expectationsOf(edits, word, alone).map(({ of }) => of)).toEqual(["1 lines", "the word 9.99"]);
});

test("every changed key is reported, also an added or removed one", () => {
  const [, , judged] = expectationsOf(edits, word, before);
  expect(judged && differences(judged, before, after)).toEqual([
    { key: "canonical_merchant_name", before: "-", after: "New" },
    { key: "label_TOTAL", before: "-", after: "true" },
    { key: "label_status", before: "-", after: "validated" },
  ]);
  expect(judged && differences(judged, after, before)).toContainEqual({
    key: "label_TOTAL",
    before: "true",
    after: "-",
  });
});
