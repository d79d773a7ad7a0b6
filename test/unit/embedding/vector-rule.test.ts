import fc from "fast-check";
import { vectorProblem } from "../../../core/embedding/vector-rule.ts";

test("F33: a vector is refused exactly where its cosine in float32 would be no number", () => {
  const extreme = fc.constantFrom(0, -0, 1, 1e-30, 1e19, 3e38, 1e39, Number.NaN, Number.NEGATIVE_INFINITY);
  const anyNumber = fc.oneof(fc.double(), extreme);
  fc.assert(
    fc.property(fc.array(anyNumber, { minLength: 1, maxLength: 6 }), (values) => {
      const vector = Float32Array.from(values);
      const squared = vector.reduce((sum, value) => Math.fround(sum + Math.fround(value * value)), 0);
      const cosine = squared / squared;
      if (vectorProblem(values) === undefined) expect(cosine).toBe(1);
      else expect(squared > 2 ** -125 && squared < 2 ** 126).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  [[1e39, 1], "number 0 is 1e+39, which float32 cannot hold"],
  [[1, Number.NaN], "number 1 is NaN"],
  [[0, 0], "a vector of zeros has no direction"],
  [[], "a vector of zeros has no direction"],
  [[0.6, 0.8], undefined],
])("F33: %j: %s", (values, problem) => {
  expect(vectorProblem(values)).toBe(problem);
});
