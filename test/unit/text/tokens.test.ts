import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";
import { batchesOf, countTokensUpTo } from "../../../core/text/tokens.ts";

const unbroken = [
  "a".repeat(8_000),
  "theunbrokentextofwords".repeat(300),
  "漢字交じり文の例文です".repeat(300),
  "👩‍👩‍👧".repeat(300),
  "-".repeat(5_000),
];

test("a text with blanks has the tokens that the tokeniser counts in the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 400 }), (words) => {
      const text = words.map((word) => word.replaceAll(/\s/g, "x")).join(" ");
      expect(countTokensUpTo(text)).toBe(countTokens(text));
    }),
    { numRuns: 50 },
  );
});

test.each(unbroken)("an unbroken text is overrated by 2 %% at most, and never underrated", (text) => {
  const exact = countTokens(text);
  const counted = countTokensUpTo(text);
  expect(counted).toBeGreaterThanOrEqual(exact);
  expect(counted).toBeLessThanOrEqual(exact * 1.02);
});

test("F31: no slice is longer than the tokeniser takes well, and the slices are the text", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary", maxLength: 2_000 }),
    fc.constant(" "),
    fc.constant("😀".repeat(400)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      const slices = [...batchesOf(text)];
      expect(slices.join("")).toBe(text);
      expect(Math.max(0, ...slices.map(({ length }) => length))).toBeLessThanOrEqual(512);
      if (text.isWellFormed()) expect(slices.every((slice) => slice.isWellFormed())).toBe(true);
    }),
  );
});

test("F31: counting ends where the limit is passed: a megabyte without a break is as cheap as a page", () => {
  const tokens = countTokensUpTo("-x漢".repeat(350_000), 8_191);
  expect(tokens).toBeGreaterThan(8_191);
  expect(tokens).toBeLessThan(8_191 + 1_000);
});

test("a special token is text", () => {
  expect(countTokensUpTo("<|endoftext|>")).toBe(7);
});
