import { benchRecords } from "../../../bench/records.ts";
import { VectorsOfTexts } from "../../../bench/services/vectors-of-texts.ts";

describe("the benchmark's input", () => {
  it("is as many records as asked for, no id or text twice, the same every time", () => {
    const records = benchRecords(1_234);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1_234);
    expect(new Set(records.map(({ text }) => text)).size).toBe(1_234);
    expect(benchRecords(1_234)).toEqual(records);
  });

  it("has vectors of length 1 that are closer where texts share words, the same every time", () => {
    const vectors = new VectorsOfTexts(64);
    const [bread, rye, soap] = ["rye bread 500 g", "rye bread 1 kg", "dish soap"].map((text) =>
      vectors.floats(text),
    );
    if (!bread || !rye || !soap) throw new Error("Three texts have three vectors.");
    expect(dot(bread, bread)).toBeCloseTo(1, 5);
    expect(dot(bread, rye)).toBeGreaterThan(dot(bread, soap));
    const again = new VectorsOfTexts(64).base64("dish soap").toString("latin1");
    expect(Buffer.from(again, "base64")).toEqual(Buffer.from(soap.buffer));
  });
});

function dot(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
