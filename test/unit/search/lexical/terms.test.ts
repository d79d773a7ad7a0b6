import { CoverageIndex, weigh } from "../../../../core/search/lexical/coverage-index.ts";
import { foldText } from "../../../../core/search/lexical/fold-text.ts";
import { grams } from "../../../../core/search/lexical/grams.ts";
import { tokens } from "../../../../core/search/lexical/terms.ts";

test("case, width, diacritics and runs of blanks make no difference", () => {
  expect(foldText("Ｃafé \t AU  lait")).toBe("cafe au lait");
});

test("an amount, a date and a code stay whole, and an amount is written one way", () => {
  expect(tokens("Total RM1,234.50 on 03/05/2025 LM-4402-19").map(({ text }) => text)).toEqual([
    "total",
    "1234.50",
    "on",
    "03/05/2025",
    "lm-4402-19",
  ]);
});

test("ideographs are compared by pairs, words by three letters with their edges", () => {
  expect([...grams("牛肉面").keys()]).toEqual(["牛肉", "肉面"]);
  expect([...grams("tea").keys()]).toEqual([" te", "tea", "ea "]);
});

async function coverages(query: string, ...texts: string[]): Promise<number[]> {
  const index = await CoverageIndex.of(texts);
  return [...index.coverage(weigh(query, [index]))];
}

test("a text that contains all of a question covers it wholly, one that contains nothing not at all", async () => {
  const [whole = 0, none = 1] = await coverages("oat latte", "1 OAT LATTE LARGE 4.40", "CINNAMON BUN");
  expect(whole).toBeCloseTo(1, 5);
  expect(none).toBe(0);
});

test("a text beyond the first 65,536 is found as itself", async () => {
  const texts = Array.from({ length: 65_600 }, () => "tea");
  texts[30] = texts[65_536] = texts[65_599] = "rare word";
  const index = await CoverageIndex.of(texts);
  const shares = index.coverage(weigh("rare word", [index]));
  const covered = [...shares.entries()].filter(([, share]) => share > 0.5).map(([text]) => text);
  expect([covered, index.frequency("rar")]).toEqual([[30, 65_536, 65_599], 3]);
});

test("a misspelt word still covers most of what it means", async () => {
  const [meant = 0, other = 1] = await coverages("sourdogh", "SOURDOUGH LOAF", "SOURCE CODE");
  expect(meant).toBeGreaterThan(0.4);
  expect(meant).toBeGreaterThan(other);
});

test("an amount that is the same counts far more than one that shares digits", async () => {
  const [same = 0, alike = 1] = await coverages("37.90", "BALANCE 37.90", "TOTAL 37.40");
  expect(same).toBeCloseTo(1, 5);
  expect(alike).toBeLessThan(0.3);
});

test("a word that all texts have counts less than a rare one", async () => {
  const [rare = 0, common = 1] = await coverages(
    "medicine for",
    "MEDICINE CUPBOARD",
    "FOR YOU",
    "FOR ME",
    "FOR US",
  );
  expect(rare).toBeGreaterThan(common);
});
