import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { hitOfRow } from "../../../core/search/hit.ts";
import { hitsOf } from "../../../core/search/search.ts";
import { searchRequest } from "../../../core/search/search-request.ts";
import { rank } from "../../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../../core/search/snapshot/snapshot.ts";

const receipt = "IMAGE#image#RECEIPT#00001";

function stored(id: string, document: string, metadata: StoredVector["metadata"]): StoredVector {
  return { id: `${receipt}#${id}`, document, metadata, vector: Float32Array.from([1, 0]) };
}

async function hitsOfLetters(vectors: readonly StoredVector[], text: string) {
  const ranking = { text, vector: undefined, mode: "lexical", k: 5, question: undefined } as const;
  const ranked = await rank(await Snapshot.of(vectors, 2), { ...ranking, minCosine: 0, accepts: () => true });
  return ranked.map((row) => hitOfRow(row, text, () => true));
}

test("a line without a known merchant shows what its receipt prints first", async () => {
  const lines = [
    stored("LINE#00001", "SALTED ANCHOR CAFE", { row: 0, column: 0 }),
    stored("LINE#00002", "TOTAL", { row: 1, column: 0 }),
    stored("LINE#00003", "28.82", { row: 1, column: 1 }),
  ];
  expect(await hitsOfLetters(lines, "28.82")).toMatchObject([
    {
      id: `${receipt}#LINE#00003`,
      text: "28.82",
      merchant: "SALTED ANCHOR CAFE",
      row: { text: "TOTAL 28.82" },
    },
  ]);
});

test("the first word of a receipt is not taken as a merchant", async () => {
  const words = [
    stored("LINE#00001#WORD#00001", "SALTED", { line_id: 1, word_id: 1 }),
    stored("LINE#00002#WORD#00001", "TOTAL", { line_id: 2, word_id: 1 }),
  ];
  const [hit] = await hitsOfLetters(words, "total");
  expect(hit?.text).toBe("TOTAL");
  expect(hit).not.toHaveProperty("merchant");
});

test("the hit of a row is one that the filter accepts, however well another line of the row fits the text", async () => {
  const lines = [
    stored("LINE#00001", "TOTAL", { line_id: 1, row: 0, column: 0 }),
    stored("LINE#00002", "28.82", { line_id: 2, row: 0, column: 1 }),
  ];
  const searchable = { snapshot: await Snapshot.of(lines, 2), query: async () => [] };
  const asked = { text: "total", mode: "lexical", k: 5 };
  for (const filtered of [{ filter: { line_id: 2 } }, { where: { not: { line_id: 1 } } }]) {
    const request = searchRequest(2).parse({ ...asked, ...filtered });
    const hits = await hitsOf(searchable, request, undefined, 0);
    expect(hits).toMatchObject([
      { id: `${receipt}#LINE#00002`, metadata: { line_id: 2 }, row: { text: "TOTAL 28.82" } },
    ]);
  }
});
