import { freshnessOptions } from "../../../bench/freshness/options.ts";

describe("the command line of npm run bench:freshness", () => {
  it("writes 50 labels per second for 20 seconds by default", () => {
    expect(freshnessOptions([])).toEqual({
      help: false,
      receipts: 100,
      vectors: 0,
      load: 0,
      seconds: 20,
      perSecond: 50,
    });
    expect(freshnessOptions(["--receipts", "500", "--seconds", "60", "--per-second", "100"])).toMatchObject({
      receipts: 500,
      seconds: 60,
      perSecond: 100,
    });
  });

  it("has a word for each label", () => {
    expect(() => freshnessOptions(["--seconds", "41"])).toThrow(
      "100 receipts have 2000 words, and 2050 labels are one per word",
    );
  });
});
