import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RecordRules, readRecord } from "../../../core/catchup/records/record.ts";
import { readHeader } from "../../../core/catchup/sources/header.ts";
import { rowsOfChunk } from "../../../core/catchup/sources/read-chunk.ts";
import { RowRanges } from "../../../core/catchup/sources/row-ranges.ts";

const pinecone = { metadataBytes: 40_960, filterableBytes: 40_960, metadataKeys: Number.POSITIVE_INFINITY };

const rules: RecordRules = {
  questionId: "42",
  namespace: "v2",
  dates: undefined,
  columnTypes: {},
  tokensPerText: 8_191,
  sink: "Pinecone",
  limits: pinecone,
};

/** Every row of samples/catch-up.csv as the product reads it. */
function readSample() {
  const file = readFileSync(join(import.meta.dirname, "../../../samples/catch-up.csv"));
  let columns: string[] = [];
  const ranges = new RowRanges(
    { rows: 1_000, bytes: 1e9 },
    {
      offset: 0,
      delimiter: undefined,
      encoding: "utf-8",
      onHeader: (row) => {
        columns = readHeader(row.cells(), []);
      },
      onRow: () => {},
    },
  );
  ranges.push(file);
  ranges.end();
  const [range] = ranges.take();
  if (!range) throw new Error("The sample has no rows.");
  const place = { chunk: 0, place: "source", key: "", etag: "", first_row: 1, format: "csv" } as const;
  const bytes = file.subarray(range.first, range.last + 1);
  return rowsOfChunk(bytes, { ...place, ...range }, { columns }).map((row) => readRecord(row, rules));
}

test("the sample has forty rows, and one that fails because its text is missing", () => {
  const readings = readSample();
  expect(readings.length).toBe(40);
  expect(readings.flatMap((reading) => (reading.kind === "failed" ? [reading.failure] : []))).toEqual([
    expect.objectContaining({ row: 5, reason: "text_blank" }),
  ]);
});

test("the sample shows what a text and its metadata become", () => {
  const records = readSample().flatMap((reading) => (reading.kind === "record" ? [reading.record] : []));
  const third = records.find(({ id }) => id === "42.0003");
  expect(third?.text).toBe(
    "Order 0003: two water filters at 50% off to be sent with the next parcel & invoice",
  );
  expect(third?.metadata).toMatchObject({ id: "0003", postcode: "00850", amount: "1,250.00", vip: true });
  expect(records[0]?.text).toContain("does not close. The customer asks");
});
