import { receiptSearch } from "../../../../core/receipts/search/receipt-search.ts";

const row = (text: string) => ({ text, vectors: [], traits: receiptSearch.traitsOf(text) });

test("a question finds the rows of its kinds, days and amounts by their values", () => {
  const question = receiptSearch.understand("total 55.00 on 19 July 2025");
  const values = receiptSearch.valuesOf(receiptSearch.traitsOf("TOTAL 2025-07-19 55.00"));
  expect(receiptSearch.valuesAsked(question)).toEqual(["total", "2025-07-19", 5_500]);
  expect(values).toEqual(expect.arrayContaining(["total", "2025-07-19", 5_500]));
});

test("the row of the final total gains more than a total, and most on the receipt that the question names", () => {
  const question = receiptSearch.understand("how much did I pay at the Salted Anchor Cafe");
  const boostOf = (text: string, share?: number) => receiptSearch.boostOf(row(text), question, share).boost;
  expect(boostOf("GRAND TOTAL 28.82")).toBeGreaterThan(boostOf("TOTAL 28.82"));
  expect(boostOf("TOTAL 28.82", 1)).toBeGreaterThan(boostOf("GRAND TOTAL 28.82"));
  expect(boostOf("OAT LATTE 4.40", 1)).toBe(0);
});

test("a name is shown as a merchant only where a hit's receipt answers to it", () => {
  const question = receiptSearch.understand("total at Lighthouse Museum");
  const matched = receiptSearch.matchedBy(row("TOTAL 55.00"), question, 0.9);
  expect(matched).toEqual(["kind total", "merchant Lighthouse Museum"]);
  expect(receiptSearch.understoodIn(question, new Set(matched))).toEqual({
    kinds: ["total"],
    merchant: "Lighthouse Museum",
  });
  expect(receiptSearch.understoodIn(question, new Set(["kind total"]))).toEqual({ kinds: ["total"] });
});

test("rows that name neither day nor amount share the object of their kinds", () => {
  expect(receiptSearch.traitsOf("OAT LATTE")).toBe(receiptSearch.traitsOf("CINNAMON BUN"));
  expect(receiptSearch.traitsOf("OAT LATTE 4.40")).not.toBe(receiptSearch.traitsOf("OAT LATTE"));
});
