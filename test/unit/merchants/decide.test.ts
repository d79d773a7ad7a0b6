import fc from "fast-check";
import { agreement } from "../../../core/merchants/agreement.ts";
import { type Candidate, type EvidenceKind, evidenceKinds } from "../../../core/merchants/candidate.ts";
import { confidenceOf, decide, provenFacts, usualThreshold } from "../../../core/merchants/decide.ts";
import { headerQueries, neighboursOf, similarCandidates } from "../../../core/merchants/neighbours.ts";
import { placeQueries } from "../../../core/merchants/place-queries.ts";
import { receiptWords } from "../../../core/merchants/receipt-words.ts";

const rows = [
  "THANK YOU",
  "SALTED ANCHOR SDN BHD",
  "(81109-A)",
  "12 JALAN HARBOUR 3/4,",
  "43200 CHERAS, SELANGOR",
  "TEL 03-4021 0276",
  "TAX INVOICE",
  "2 TEH TARIK 5.00",
];
const words = receiptWords(rows);
const place = {
  merchant_name: "Salted Anchor",
  address: "12, Jln Harbour 3/4, 43200 Cheras, Selangor",
  phone_number: "+60 3-4021 0276",
  place_id: "p1",
};
const kindsOf = (evidence: readonly { kind: string }[]) => evidence.map(({ kind }) => kind);

test("a receipt agrees with its place in telephone, name and address, and with another in nothing", () => {
  expect(kindsOf(agreement(words, place))).toEqual(["phone", "name", "address"]);
  expect(
    agreement(words, {
      merchant_name: "Tin Kettle",
      address: "9 Jalan Besar, 81200 Johor Bahru",
      phone_number: "07-261 4733",
    }),
  ).toEqual([]);
});

test("a receipt agrees with one of the same company in its registration", () => {
  const [candidate] = similarCandidates(words, [
    { receipt: "r", facts: { merchant_name: "Anchor" }, rows: ["REG NO (81109-A)"] },
  ]);
  expect(kindsOf(candidate?.evidence ?? [])).toEqual(["registration"]);
});

const candidate = (name: string, kinds: readonly EvidenceKind[], support = 1): Candidate => ({
  source: "similar_receipts",
  facts: { ...place, merchant_name: name },
  evidence: kinds.map((kind) => ({ kind, printed: "" })),
  support,
});

test.each([
  [["registration"], "resolved"],
  [["phone", "name"], "resolved"],
  [["name", "address"], "resolved"],
  [["phone"], "proposed"],
  [["name"], "proposed"],
  [["address"], "proposed"],
  [[], "none"],
] as const)("%j alone is %s", (kinds, kind) => {
  expect(decide([candidate("A SHOP", kinds)], usualThreshold).kind).toBe(kind);
});

test("two merchants that both agree are for a person to decide, unless one has three times the receipts", () => {
  const [one, other] = [
    candidate("FIRST SHOP", ["registration"]),
    candidate("SECOND CAFE", ["phone", "name"]),
  ];
  expect(decide([one, other], usualThreshold).kind).toBe("proposed");
  expect(decide([one, one, one, other], usualThreshold)).toMatchObject({
    kind: "resolved",
    best: { facts: { merchant_name: "FIRST SHOP" } },
  });
});

test("spellings of one name are one merchant, under the most frequent", () => {
  const all = ["WAN SHENG S/B", "Wan Sheng", "WAN SHENG S/B"].map((name) =>
    candidate(name, ["registration"]),
  );
  expect(decide(all, usualThreshold)).toMatchObject({
    kind: "resolved",
    best: { facts: { merchant_name: "WAN SHENG S/B" } },
  });
});

test("more evidence never lowers a confidence, and none is certain", () => {
  const kinds = fc.subarray([...evidenceKinds]);
  fc.assert(
    fc.property(kinds, fc.constantFrom(...evidenceKinds), (some, more) => {
      const before = confidenceOf(candidate("A", some));
      const after = confidenceOf(candidate("A", [...some, more]));
      expect(after).toBeGreaterThanOrEqual(before);
      expect(after).toBeLessThanOrEqual(1);
    }),
  );
});

test("the order of candidates decides nothing", () => {
  const some = fc.array(
    fc.record({
      name: fc.constantFrom("FIRST SHOP", "SECOND CAFE", "THIRD BAR"),
      kinds: fc.subarray([...evidenceKinds], { minLength: 1 }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(some, (list) => {
      const all = list.map(({ name, kinds }) => candidate(name, kinds));
      expect(decide(all.toReversed(), usualThreshold).kind).toBe(decide(all, usualThreshold).kind);
    }),
  );
});

test("what is known of a place is not said of another branch", () => {
  expect(provenFacts(candidate("A", ["registration"]))).toEqual({ merchant_name: "A" });
  expect(provenFacts(candidate("A", ["name", "phone"]))).toMatchObject({
    place_id: "p1",
    address: place.address,
  });
});

test("similar receipts are searched by registration, telephone, name and address", () => {
  expect(headerQueries(words)).toEqual([
    "(81109-A)",
    "TEL 03-4021 0276",
    "THANK YOU",
    "SALTED ANCHOR SDN BHD",
    "12 JALAN HARBOUR 3/4,",
    "43200 CHERAS, SELANGOR",
  ]);
});

test("hits are gathered by their receipt", () => {
  const facts = { merchant_name: "A" };
  const found = ["x", "y", "x"].map((row) => ({ receipt: "r", facts, row }));
  expect(neighboursOf([...found, { receipt: "s", facts, row: "z" }])).toEqual([
    { receipt: "r", facts, rows: ["x", "y"] },
    { receipt: "s", facts, rows: ["z"] },
  ]);
});

test("places are asked for by telephone, then by name and address; equal questions have equal keys", () => {
  expect(placeQueries(words)).toEqual([
    { key: "phone:340210276", text: "03-4021 0276" },
    {
      key: "address:saltedanchor 12 jalan harbour 3 4 43200 cheras selangor",
      text: "SALTED ANCHOR SDN BHD, 12 JALAN HARBOUR 3/4,, 43200 CHERAS, SELANGOR",
    },
  ]);
  const respelt = receiptWords(
    rows.map((row) => row.replace("JALAN", "JLN").replace("03-4021 0276", "(03) 40210276")),
  );
  expect(placeQueries(respelt).map(({ key }) => key)).toEqual(placeQueries(words).map(({ key }) => key));
});
