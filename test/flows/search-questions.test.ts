import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { findReceiptFolders } from "../../core/ingest/export-folder.ts";
import { parseLines } from "../../core/receipts/parse-rows.ts";
import { planLines } from "../../core/receipts/planned-vectors.ts";
import { understand } from "../../core/receipts/search/understand.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { rank } from "../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../core/search/snapshot/snapshot.ts";
import { modelDimensions, modelName } from "../../local/embeddings/sentence-model.ts";
import { type EmbeddingsServer, startEmbeddingsServer } from "../../local/embeddings/server.ts";

/** Questions over the samples, and what the row that answers each of them prints. */
const questions: readonly (readonly [string, RegExp])[] = [
  ["greenleaf pharmacy", /^GREENLEAF PHARMACY$/],
  ["salted ancor caffe", /^THE SALTED ANCHOR CAFE$/],
  ["how much did I pay at the Salted Anchor Cafe", /^TOTAL 28\.82$/],
  ["total at Lighthouse Museum", /^TOTAL 55\.00$/],
  ["what did I spend at Bolt & Timber", /^AMOUNT DUE 57\.92$/],
  ["when was I at Mossbank Garden Centre", /^11\/05\/2025 14:30$/],
  ["19 April 2025", /^19 APRIL 2025$/],
  ["3 May 2025", /^03\/05\/2025 11:57/],
  ["2025-02-08", /^DATE 2025-02-08/],
  ["sourdogh bred", /SOURDOUGH/],
  ["wirless mouse", /^WIRELESS MOUSE/],
  ["chiken wrap", /^CHICKEN WRAP/],
  ["medicine for a headache", /^IBUPROFEN/],
  ["37.90", /^BALANCE ON COLLECTION 37\.90$/],
  ["13.50", /RAMEN 13\.50$/],
  ["phone number of the cafe", /^TEL 0155/],
  ["teh tarik", /^2 TEH TARIK/],
  ["jumlah di Kedai Kopi Pelangi Senja", /^JUMLAH RM 30\.53$/],
  ["牛肉面", /^牛肉面/],
  ["合计", /^合计 75\.00$/],
];
const minRightFirst = 18;
/** As the local stack is set. */
const minCosine = 0.45;

let server: EmbeddingsServer;
let snapshot: Snapshot;
let embedder: OpenAiEmbedder;

async function embedded(texts: readonly string[]): Promise<Float32Array[]> {
  return (await embedder.embed(texts)).map((bytes) => new Float32Array(Uint8Array.from(bytes).buffer));
}

beforeAll(async () => {
  server = await startEmbeddingsServer(0);
  embedder = new OpenAiEmbedder({
    apiKey: "local",
    baseUrl: server.baseUrl,
    model: modelName,
    dimensions: modelDimensions,
    limiter: unlimited,
    giveUpAt: () => Date.now() + 60_000,
  });
  const folders = await findReceiptFolders(join(import.meta.dirname, "../../samples/receipts"));
  const planned = await Promise.all(
    folders.map(async (receipt) =>
      planLines(parseLines(await readFile(join(receipt.folder, "lines.ndjson")), receipt).rows, []),
    ),
  );
  const lines = planned.flat();
  const vectors = await embedded(lines.map(({ text }) => text));
  const stored = lines.map(({ id, document, metadata }, at) => ({
    id,
    document,
    metadata,
    vector: vectors[at] ?? new Float32Array(modelDimensions),
  }));
  snapshot = await Snapshot.of(stored, modelDimensions);
});

afterAll(() => server.close());

test(`of twenty questions over the samples, ${minRightFirst} or more have their answer first`, async () => {
  const vectors = await embedded(questions.map(([text]) => text));
  const answers = questions.map(async ([text, answer], at) => {
    const vector = [...(vectors[at] ?? [])];
    const question = understand(text);
    const hits = await rank(snapshot, {
      text,
      vector,
      mode: "hybrid",
      k: 3,
      question,
      minCosine,
      accepts: () => true,
    });
    return { text, right: answer.test(hits[0]?.row.text ?? ""), found: hits.map(({ row }) => row.text) };
  });
  const wrong = (await Promise.all(answers)).filter(({ right }) => !right);
  if (wrong.length > questions.length - minRightFirst) expect(wrong).toEqual([]);
});

test("a question that nothing answers has no hits", async () => {
  const text = "quarterly volcanic eruption forecast";
  const [vector] = await embedded([text]);
  const ranking = {
    text,
    vector: [...(vector ?? [])],
    mode: "hybrid",
    k: 3,
    question: understand(text),
  } as const;
  const hits = await rank(snapshot, { ...ranking, minCosine, accepts: () => true });
  expect(hits.map(({ row }) => row.text)).toEqual([]);
});
