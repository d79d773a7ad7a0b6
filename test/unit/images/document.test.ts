import { readAnalysis } from "../../../core/images/analyze/analysis.ts";
import { documentOf } from "../../../core/images/embed/document.ts";

function analysisOf(more: object, details: object = {}, media: object | null = null) {
  const read = readAnalysis(
    JSON.stringify({
      category: "menu",
      subcategories: [],
      headline: null,
      summary: "A menu.",
      image_details: details,
      media_metadata: media,
      ...more,
    }),
  );
  if ("problem" in read) throw new Error(read.problem);
  return read.analysis;
}

test("a document has the parts in the order of their weight", () => {
  const full = analysisOf(
    { headline: "Trattoria", subcategories: ["food", "price list"] },
    {
      extracted_text: ["Pizza 9", "Pasta 8"],
      objects: ["table"],
      themes: ["dinner"],
      emotions: ["joy"],
      vibes: ["warm"],
      visual_hierarchy: ["title"],
      key_interest: "prices",
      likely_source: "scan",
    },
    {
      location_tags: ["Rome"],
      hashtags: ["#food"],
      original_poster: "x",
      tagged_accounts: [],
      audio_source: null,
    },
  );
  expect(documentOf(full).split("\n")).toEqual([
    "A menu.",
    "Trattoria",
    "menu",
    "food, price list",
    "Pizza 9, Pasta 8",
    "prices",
    "dinner",
    "table",
    "joy",
    "warm",
    "Rome",
    "#food",
  ]);
});

test("blanks, nulls and scalars do no harm", () => {
  const sparse = analysisOf(
    { headline: " " },
    { extracted_text: "one line", objects: null, themes: ["", " ", null], key_interest: "" },
  );
  expect(documentOf(sparse)).toBe("A menu.\nmenu\none line");
});

test("an analysis that is too large for a row is shortened", () => {
  const large = analysisOf(
    {},
    { extracted_text: Array.from({ length: 20_000 }, () => "some words of text") },
  );
  expect(Buffer.byteLength(JSON.stringify(large))).toBeLessThan(48 * 1024);
  expect(large.image_details.extracted_text.length).toBeGreaterThan(50);
});
