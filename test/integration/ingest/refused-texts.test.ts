import { decodeDelta } from "../../../core/deltas/codec.ts";
import { VectorsUnusableError, VectorUnusableError } from "../../../core/embedding/embedding-errors.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

/** What the run's rejected rows say: file, line number, reason. */
function rejectedRows(): unknown[] {
  const [path = ""] = [...stage.buckets.objects.keys()].filter((key) => key.startsWith("deltas/rejected/"));
  const text = stage.buckets.objects.get(path)?.toString() ?? "";
  return text
    .split("\n")
    .filter(Boolean)
    .map((row) => JSON.parse(row))
    .map(({ file, line_number, reason }) => [file, line_number, reason]);
}

function documents(): string[] {
  return stage.stored
    .filter((path) => path.endsWith(".vkd"))
    .flatMap((path) => [...decodeDelta(stage.buckets.objects.get(path) ?? Buffer.alloc(0)).documents]);
}

/** The model answers NaN to the bare text of the word. */
function answerNaNTo(word: string): void {
  const embed = stage.embedder.embed.bind(stage.embedder);
  stage.embedder.embed = async (texts) => {
    const vectors = await embed(texts);
    const isBad = (text: string) => text === `<EDGE> <EDGE> ${word} <EDGE> <EDGE>`;
    if (!texts.some(isBad)) return vectors;
    throw new VectorsUnusableError(
      vectors.map((vector, at) =>
        isBad(texts[at] ?? "") ? new VectorUnusableError("fake", "number 0 is NaN") : vector,
      ),
    );
  };
}

test("F33: a row whose vector is NaN is rejected with its reason, and its neighbours are stored", async () => {
  answerNaNTo("TOTAL");
  expect(await stage.ingest(stage.delivery(stage.receipt(["CAFE", "TOTAL"]), 100))).toEqual(["opened"]);
  expect(documents()).toEqual(["CAFE", "TOTAL", "CAFE"]);
  expect(rejectedRows()).toEqual([["words", 2, expect.stringContaining("number 0 is NaN")]]);
});

test("F36: what an earlier attempt left out is still rejected when a process died after storing its deltas", async () => {
  answerNaNTo("TOTAL");
  const message = stage.receipt(["CAFE", "TOTAL"]);
  const put = stage.runs.open.bind(stage.runs);
  stage.runs.open = () => Promise.reject(new Error("killed"));
  expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["failed"]);
  stage.runs.open = put;
  stage.buckets.objects.forEach((_, path) => {
    if (path.startsWith("deltas/rejected/")) stage.buckets.objects.delete(path);
  });
  expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["opened"]);
  expect(rejectedRows()).toEqual([["words", 2, "the provider refused its text in an earlier attempt"]]);
});

test("F34: a text that the provider refuses is rejected alone", async () => {
  stage.embedder.poison = "<EDGE> <EDGE> TOTAL";
  expect(await stage.ingest(stage.delivery(stage.receipt(["CAFE", "TOTAL"]), 100))).toEqual(["opened"]);
  expect(rejectedRows()).toEqual([["words", 2, expect.stringContaining("refused the texts")]]);
});
