import type { Misfit } from "../../../core/catchup/records/failed-record.ts";
import { type RecordRules, readRecord } from "../../../core/catchup/records/record.ts";

const pinecone = { metadataBytes: 40_960, filterableBytes: 40_960, metadataKeys: Number.POSITIVE_INFINITY };

const rules: RecordRules = {
  questionId: "12",
  namespace: "v2",
  dates: undefined,
  columnTypes: {},
  tokensPerText: 20,
  sink: "Pinecone",
  limits: pinecone,
};
const dates = { column: "created_at", start: "2024-03-01", end: "2024-03-02" };

function read(source: Record<string, string>, changed: Partial<RecordRules> = {}, misfit?: Misfit) {
  return readRecord({ row: 7, source, misfit }, { ...rules, ...changed });
}

const good = { id: "5", formatted_text: "A good text" };

describe("a good row", () => {
  test("is a record whose id begins with the question's", () => {
    const reading = read({ id: " 005 ", formatted_text: "<b>Sold</b> on 2024-03-05", amount: "1,200.50" });
    expect(reading).toMatchObject({
      kind: "record",
      record: { id: "12.005", namespace: "v2", text: "Sold on March 5, 2024" },
    });
  });

  test("has its columns as metadata by the rules of cells; the id stays text, empty cells are left out", () => {
    const source = {
      ...good,
      zip: "01234",
      amount: "1200",
      paid: "true",
      note: "",
      big: "12345678901234567890",
    };
    expect(read(source)).toMatchObject({
      record: {
        metadata: {
          text: "A good text",
          id: "5",
          zip: "01234",
          amount: 1200,
          paid: true,
          big: "12345678901234567890",
        },
      },
    });
    expect(read(source)).not.toHaveProperty("record.metadata.note");
    expect(read(source)).not.toHaveProperty("record.metadata.formatted_text");
  });

  test("names its namespace by record_type, if that is not empty", () => {
    expect(read({ ...good, record_type: " orders " })).toMatchObject({ record: { namespace: "orders" } });
    expect(read({ ...good, record_type: " " })).toMatchObject({ record: { namespace: "v2" } });
  });

  test("may have columns named like what every object has", () => {
    const source = { ...good, constructor: "Ferrari", toString: "12" } as unknown as Record<string, string>;
    expect(read(source)).toMatchObject({
      kind: "record",
      record: { metadata: { constructor: "Ferrari", toString: 12 } },
    });
  });

  test("has the declared type of a column", () => {
    expect(read({ ...good, code: "7" }, { columnTypes: { code: "string" } })).toMatchObject({
      record: { metadata: { code: "7" } },
    });
  });
});

describe("a row that fails says why, with its number and its cells", () => {
  test.each([
    ["columns_disagree", good, {}, { reason: "columns_disagree", detail: "The row has 3 cells" } as const],
    ["quotes_unfit", good, {}, { reason: "quotes_unfit", detail: "The column b has blanks" } as const],
    ["id_blank", { ...good, id: "  " }, {}, undefined],
    ["id_blank", { formatted_text: "x" }, {}, undefined],
    ["id_unfit", { ...good, id: "é" }, {}, undefined],
    ["id_unfit", { ...good, id: "x".repeat(510) }, {}, undefined],
    ["text_blank", { ...good, formatted_text: " <br>&nbsp; " }, {}, undefined],
    ["text_blank", { id: "5" }, {}, undefined],
    ["text_too_long", { ...good, formatted_text: "word ".repeat(21) }, {}, undefined],
    ["namespace_unfit", { ...good, record_type: "a#b" }, {}, undefined],
    ["namespace_unfit", { ...good, record_type: "two words" }, {}, undefined],
    ["date_unreadable", { ...good, created_at: "yesterday" }, { dates }, undefined],
    ["date_unreadable", { ...good, created_at: "" }, { dates }, undefined],
    ["date_unreadable", { ...good, created_at: "2024-03-01T25:00" }, { dates }, undefined],
    ["metadata_type", { ...good, n: "many" }, { columnTypes: { n: "number" } as const }, undefined],
    ["metadata_too_large", { ...good, note: "é".repeat(20_480) }, {}, undefined],
  ])("%s: %j", (reason, source, changed, misfit) => {
    expect(read(source, changed, misfit)).toEqual({
      kind: "failed",
      failure: { row: 7, reason, detail: expect.stringMatching(/\w/), source },
    });
  });

  test("all columns that are not of their types are named", () => {
    const columnTypes = { n: "number", b: "boolean" } as const;
    const reading = read({ ...good, n: "many", b: "maybe" }, { columnTypes });
    expect(reading).toMatchObject({
      failure: { detail: 'column n: "many" is not a number; column b: "maybe" is not a boolean' },
    });
  });
});

describe("dates", () => {
  test.each([
    ["2024-02-29", "filtered"],
    ["2024-03-01", "record"],
    ["2024-03-02T23:59:59Z", "record"],
    ["2024-03-03", "filtered"],
  ])("a row of %s is %s", (created_at, kind) => {
    expect(read({ ...good, created_at }, { dates }).kind).toBe(kind);
  });

  test("are judged first: a bad row of another day is not asked for, so it does not fail", () => {
    expect(read({ id: "", formatted_text: "", created_at: "2020-01-01" }, { dates }).kind).toBe("filtered");
  });
});

test("a text of as many tokens as the model reads is taken; more bytes than that do not make it too long", () => {
  const text = "internationalization ".repeat(6).trim();
  expect(Buffer.byteLength(text)).toBeGreaterThan(20);
  expect(read({ ...good, formatted_text: text })).toMatchObject({ kind: "record", record: { text } });
});

test("a special token of the model is text like any other", () => {
  const formatted_text = "what <|endoftext|> means to us, and more of it";
  expect(read({ ...good, formatted_text }).kind).toBe("record");
});

describe("a sink that filters by part of the metadata only", () => {
  const limits = { metadataBytes: 40_960, filterableBytes: 2_048, metadataKeys: 50 };
  const readFor = (source: Record<string, string>) =>
    read(source, { limits, sink: "S3 Vectors", tokensPerText: 8_191 });

  test("takes a text that is longer than that part", () => {
    expect(readFor({ ...good, formatted_text: "word ".repeat(600) }).kind).toBe("record");
  });

  test("does not take other columns that are, and says how many bytes it takes", () => {
    expect(readFor({ ...good, note: "x".repeat(2_040) })).toMatchObject({
      kind: "failed",
      failure: {
        reason: "metadata_too_large",
        detail: expect.stringMatching(
          /^The columns beside the text have 20\d\d bytes; the limit of S3 Vectors is 2048\.$/,
        ),
      },
    });
  });

  test("takes as many columns as it has room for, beside the content hash", () => {
    const columns = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, "1"]));
    expect(readFor({ ...good, ...columns(47) }).kind).toBe("record");
    expect(readFor({ ...good, ...columns(48) })).toMatchObject({
      kind: "failed",
      failure: { reason: "metadata_too_large" },
    });
  });
});
