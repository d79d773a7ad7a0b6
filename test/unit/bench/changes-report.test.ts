import {
  changesLines,
  changesVerdict,
  processingLines,
  processingVerdict,
  publishedVerdict,
} from "../../../bench/changes/report.ts";
import { percentile } from "../../../bench/statistics.ts";

describe("the report of npm run bench:changes", () => {
  const processing = { records: 100, messages: 85, skipped: 30, milliseconds: [1, 2, 2, 2, 9] };
  const outcome = {
    changes: 10_000,
    receipts: 500,
    putSeconds: 15,
    shownAfter: 5,
    settledAfter: 25,
    cycles: 10,
    generations: 4,
    messages: 10_000,
    seconds: new Map([
      ["drain", 5],
      ["apply", 20],
    ]),
  };

  it("takes the smallest value that the given percentage does not exceed", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([percentile(values, 99), percentile(values, 50), percentile([7], 99)]).toEqual([198, 100, 7]);
  });

  it("says how fast records become messages", () => {
    expect(processingLines(processing)).toContain("median 2.00 ms, p99 9.00 ms");
    expect(processingLines(processing)).toContain("50,000 records/s");
    expect(processingLines(processing)).toContain("25 times as fast");
  });

  it("counts messages a second from the first put, and names the longest step first", () => {
    const lines = changesLines(outcome);
    expect(lines).toContain(
      "all published 5.0 s after the last put; no message left 25.0 s after it, 40.0 s after the first",
    );
    expect(lines).toContain("250 messages/s");
    expect(lines).toContain("625 times as many");
    expect(lines).toContain("10 cycles, 1,000 messages a cycle; 4 had something to publish");
    expect(lines).toContain("apply 20.0, drain 5.0");
  });

  it("fails a bound that is just missed", () => {
    expect(processingVerdict(processing).pass).toBe(true);
    expect(processingVerdict({ ...processing, milliseconds: [5] })).toEqual({
      pass: false,
      text: "FAIL  100 stream records in 5.00 ms, bound 5 ms",
    });
    expect(publishedVerdict({ ...outcome, changes: 20_000 }).pass).toBe(true);
    expect(publishedVerdict({ ...outcome, changes: 19_980 })).toEqual({
      pass: false,
      text: "FAIL  999 label changes/s published, from the first put on, bound 1,000",
    });
    expect(changesVerdict({ ...outcome, settledAfter: 60 }).pass).toBe(true);
    expect(changesVerdict({ ...outcome, settledAfter: 60.1 })).toEqual({
      pass: false,
      text: "FAIL  published, and no message left, 60.1 s after the last put, bound 60 s",
    });
  });
});
