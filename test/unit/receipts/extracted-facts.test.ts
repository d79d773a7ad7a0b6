import { extractedFacts } from "../../../core/receipts/extracted-facts.ts";
import { word } from "./rows-of.ts";

const box = { x: 0, y: 0, width: 0.1, height: 0.1 };
const of = (extracted_data: unknown, text = "text") => word(1, 1, text, box, { extracted_data });
const fact = (type: string, value: unknown) => Object.values(extractedFacts([of({ type, value })]))[0];

test.each([
  ["(555) 123-4567", "5551234567"],
  ["1-555-123-4567", "5551234567"],
  ["+44 20 7946 0958", "2079460958"],
  ["０３－１２３４ ５６７８", "0312345678"],
  [5551234567, "5551234567"],
  ["123-4567", undefined],
  ["000-000-0000", undefined],
])("the telephone %s is %s", (value, expected) => expect(fact("phone", value)).toBe(expected));

test.each([
  [" 12  Main Street,\nSuite 5. ", "12 MAIN ST STE 5"],
  ["41 Station Rd.; Port Elswick", "41 STATION RD PORT ELSWICK"],
  [" -- ", undefined],
  ["x".repeat(501), undefined],
])("the address %s is %s", (value, expected) => expect(fact("address", value)).toBe(expected));

test.each([
  ["https://WWW.Example.com/Shop//a/?q=1#top", "example.com/Shop/a"],
  ["example.com", "example.com/"],
  ["www.example.com:8080/", "example.com:8080/"],
  ["me@example.com", undefined],
  ["not a url", undefined],
  ["", "text/"],
])("the URL %s is %s", (value, expected) => expect(fact("url", value)).toBe(expected));

test("the first fact of each type counts, and a type is known in any case", () => {
  const words = [
    of({ type: "PHONE", value: "1" }),
    of({ type: "Phone", value: "555 123 4567" }),
    of({ type: "phone", value: "555 765 4321" }),
    of({ type: "url", value: "a.com" }),
  ];
  expect(extractedFacts(words)).toEqual({ normalized_phone_10: "5551234567", normalized_url: "a.com/" });
});

test("without a value the word itself is the fact", () => {
  expect(extractedFacts([of({ type: "phone" }, "555.123.4567")])).toEqual({
    normalized_phone_10: "5551234567",
  });
});

test.each([
  null,
  undefined,
  "phone",
  7,
  [],
  {},
  { type: 1 },
  { type: "date", value: "2025-01-01" },
  { type: "phone", value: {} },
])("of %j nothing is known", (extracted) => expect(extractedFacts([of(extracted)])).toEqual({}));

test("half of a surrogate pair, which the store rejects, is replaced", () => {
  expect(fact("address", "1 Main\ud83d Street")).toBe("1 MAIN\ufffd ST");
});
