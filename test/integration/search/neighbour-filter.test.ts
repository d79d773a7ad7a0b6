import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import type { VectorMetadata } from "../../../core/deltas/delta.ts";
import { neighbourFilter } from "../../../core/search/neighbour-filter.ts";
import { searchRequest } from "../../../core/search/search-request.ts";
import { startChroma } from "../../unit/collections/chroma.ts";

jest.setTimeout(60_000);

const names = ["Aldi", "ALDI SÜD", undefined];
const verdicts = [true, false, undefined];

/** Words with every combination of what a merchant and a label can be, the later ones farther from [1, 0]. */
const words = names
  .flatMap((merchant_name) =>
    names.map((canonical_merchant_name) => ({ merchant_name, canonical_merchant_name })),
  )
  .flatMap((merchant) => verdicts.map((label_TOTAL) => ({ ...merchant, label_TOTAL })))
  .map((known, index) => ({ id: `word ${index}`, angle: index / 100, receipt_id: index % 2, ...known }));

type Word = (typeof words)[number];

let chroma: Awaited<ReturnType<typeof startChroma>>;
let store: ChromaVectorStore;

beforeAll(async () => {
  chroma = await startChroma();
  store = await ChromaVectorStore.open(chroma.server, "words");
  const vectors = Float32Array.from(words.flatMap(({ angle }) => [Math.cos(angle), Math.sin(angle)]));
  const delta = {
    collection: "words",
    imageId: "image",
    receiptId: 1,
    runId: "run",
    model: "circle",
    dimensions: 2,
    textFormat: "receipt-text/1",
    ids: words.map(({ id }) => id),
    documents: words.map(({ id }) => id),
    metadatas: words.map(metadataOf),
    vectors: new Uint8Array(vectors.buffer),
  } as const;
  await store.upsert([{ delta, from: 0, to: words.length }]);
});

afterAll(() => chroma.stop());

function metadataOf({ id: _, angle: __, ...metadata }: Word): VectorMetadata {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Ids of the hits, nearest first. */
async function hitsOf(body: object, k = 100): Promise<string[]> {
  const request = searchRequest(2).parse({ vector: [1, 0], k, collection: "words", ...body });
  const found = await store.query({ vector: [1, 0], k, filter: neighbourFilter(request) });
  return found.map(({ id }) => id);
}

function idsWhere(wanted: (word: Word) => boolean): string[] {
  return words.filter(wanted).map(({ id }) => id);
}

const isAldi = ({ merchant_name, canonical_merchant_name }: Word) =>
  merchant_name === "Aldi" || canonical_merchant_name === "Aldi";

test("without a merchant, a label and a filter every vector is a hit", async () => {
  expect(await hitsOf({})).toEqual(idsWhere(() => true));
});

test("a merchant's hits have it under either of its names", async () => {
  expect(await hitsOf({ merchant: "Aldi" })).toEqual(idsWhere(isAldi));
});

test.each(["aldi", "Ald", "Aldi ", "Aldi Süd", "undefined", "$or"])(
  "a merchant is found by its exact name only: not as %s",
  async (merchant) => {
    expect(await hitsOf({ merchant })).toEqual([]);
  },
);

test("a label's hits are the words on which it is VALID, not those on which it is INVALID or missing", async () => {
  expect(await hitsOf({ label: "TOTAL" })).toEqual(idsWhere(({ label_TOTAL }) => label_TOTAL === true));
  expect(await hitsOf({ label: "DATE" })).toEqual([]);
});

test("merchant, label and filter must all hold, also where they speak of the same key", async () => {
  const one = await hitsOf({ merchant: "Aldi", label: "TOTAL" });
  expect(one).toEqual(idsWhere((word) => isAldi(word) && word.label_TOTAL === true));

  const both = await hitsOf({ merchant: "Aldi", label: "TOTAL", filter: { receipt_id: 0 } });
  expect(both).toEqual(one.filter((id) => words.some((word) => word.id === id && word.receipt_id === 0)));

  expect(await hitsOf({ merchant: "Aldi", filter: { merchant_name: "ALDI SÜD" } })).toEqual(
    idsWhere((word) => isAldi(word) && word.merchant_name === "ALDI SÜD"),
  );
  expect(await hitsOf({ label: "TOTAL", filter: { label_TOTAL: false } })).toEqual([]);
});

test("a filter of several keys must hold in all of them", async () => {
  const filter = { receipt_id: 1, canonical_merchant_name: "Aldi" };
  expect(await hitsOf({ filter })).toEqual(
    idsWhere((word) => word.receipt_id === 1 && word.canonical_merchant_name === "Aldi"),
  );
});

test("k counts hits, not nearer vectors that do not match", async () => {
  const matching = idsWhere(
    ({ merchant_name, label_TOTAL }) => merchant_name === "ALDI SÜD" && label_TOTAL === true,
  );
  expect(words.findIndex(({ id }) => id === matching[0])).toBeGreaterThan(2);
  expect(await hitsOf({ filter: { merchant_name: "ALDI SÜD" }, label: "TOTAL" }, 2)).toEqual(
    matching.slice(0, 2),
  );
});
