import fc from "fast-check";
import { isComplete } from "../../../local/start/observation.ts";
import { compareIds, findings } from "../../../local/start/verdict.ts";
import { observation, queue, workload } from "./observations.ts";

const wholeLines = compareIds("lines", new Set(["a", "b"]), ["b", "a"]);

test("nothing is found where every id is published once and every queue is empty", () => {
  expect(findings(observation(), workload, [wholeLines])).toEqual([]);
  expect(isComplete(observation(), workload)).toBe(true);
});

test("a receipt that was not embedded is found", () => {
  expect(findings(observation({ embedded: 1 }), workload, [])).toEqual(["1 of 2 receipts were embedded."]);
});

test("a run that is not COMPLETED is found in its collection", () => {
  const { lines, words } = observation().collections;
  const seen = observation({ collections: { lines, words: { ...words, completed: 1, failed: 1 } } });
  expect(findings(seen, workload, [])).toEqual(["1 of 2 runs are COMPLETED in words (1 FAILED)."]);
  expect(isComplete(seen, workload)).toBe(false);
});

test("a rejected row and a message left anywhere, in flight or dead-lettered too, are found", () => {
  const queues = [queue("embed", 0, 1), queue("words", 2), queue("embed-dlq", 1)];
  expect(findings(observation({ rejectedRows: 3, queues }), workload, [])).toEqual([
    "3 rows were rejected; see rejected/ in the deltas bucket.",
    "1 messages are left in embed.",
    "2 messages are left in words.",
    "1 messages are left in embed-dlq.",
  ]);
});

test("F20 missing, extra and repeated ids are each counted and the first is named", () => {
  const comparison = compareIds("words", new Set(["a", "b", "c"]), ["a", "a", "x"]);
  expect(findings(observation(), workload, [comparison])).toEqual([
    "words: 2 of 3 ids are missing, first b.",
    "words: 1 of 3 ids are extra, first x.",
    "words: 1 of 3 ids are repeated, first a.",
  ]);
});

test("whatever is published, missing + published = expected + extra + repeated", () => {
  const ids = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"));
  fc.assert(
    fc.property(ids, ids, (expected, published) => {
      const { missing, extra, repeated } = compareIds("lines", new Set(expected), published);
      const distinct = new Set(expected).size;
      expect(missing.length + published.length).toBe(distinct + extra.length + repeated.length);
    }),
  );
});
