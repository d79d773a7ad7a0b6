import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseLines, parseWords } from "../../../core/receipts/parse-rows.ts";
import { image, line, ndjsonOf, receipt, word } from "./rows-of.ts";

const box = { x: 0.1, y: 0.5, width: 0.2, height: 0.02 };
const first = line(1, "COFFEE", box);
const second = line(2, "TOTAL", box);

/** The file with each of these as one line. */
function file(...texts: (string | object)[]): Buffer {
  return Buffer.from(
    texts.map((text) => (typeof text === "string" ? text : JSON.stringify(text))).join("\n"),
  );
}

function reasons(content: Buffer): [number, string][] {
  return parseLines(content, receipt).rejected.map((row) => [row.line_number, row.reason]);
}

describe("reading a file of rows", () => {
  test.each([
    ["without a newline at its end", file(first, second)],
    ["with a newline at its end", file(first, second, "")],
    ["with a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), file(first, second)])],
    ["with Windows line ends", Buffer.from(`${JSON.stringify(first)}\r\n${JSON.stringify(second)}\r\n`)],
    ["with blank lines", file("", first, "  \t", second, "", "")],
  ])("takes the first and the last row of a file %s (F18)", (_, content) => {
    const { rows, rejected } = parseLines(content, receipt);
    expect(rows.map((row) => row.text)).toEqual(["COFFEE", "TOTAL"]);
    expect(rejected).toEqual([]);
  });

  test("finds no row and nothing wrong in an empty file", () => {
    expect(parseLines(Buffer.alloc(0), receipt)).toMatchObject({ rows: [], rejected: [] });
  });

  test("ignores fields that it does not know", () => {
    const { rows } = parseLines(file({ ...first, colour: "blue" }), receipt);
    expect(rows).toEqual([first]);
  });

  test("keeps a text with a line separator of Unicode in one row", () => {
    const { rows } = parseLines(file(line(1, "A\u2028B", box)), receipt);
    expect(rows.map((row) => row.text)).toEqual(["A\u2028B"]);
  });

  test("knows the line of the file that each row came from", () => {
    const { rows, lineNumbers } = parseLines(file("", first, "", second), receipt);
    expect(rows.map((row) => lineNumbers.get(row))).toEqual([2, 4]);
  });
});

describe("rejecting a row alone (F8)", () => {
  test("keeps the rows around a malformed one, and reports its line, its text and the reason", () => {
    const { rows, rejected } = parseLines(file(first, '{"text": ', second), receipt);
    expect(rows.map((row) => row.line_id)).toEqual([1, 2]);
    expect(rejected).toEqual([
      { file: "lines", line_number: 2, row: '{"text": ', reason: expect.stringMatching(/^not JSON: /) },
    ]);
  });

  test("names every bad field of a row at once", () => {
    const { text: _, ...textless } = first;
    const [reason] = reasons(file({ ...textless, bounding_box: { ...box, y: 15 } }));
    expect(reason?.[1]).toMatch(/text: .*bounding_box\.y: |bounding_box\.y: .*text: /);
  });

  test.each([
    ["a negative width", { bounding_box: { ...box, width: -0.2 } }],
    ["a coordinate in pixels", { bounding_box: { ...box, x: 120 } }],
    ["a number that JavaScript rounds", { line_id: 2 ** 53 }],
    ["a negative number", { line_id: -1 }],
    ["a number as text", { confidence: "0.9" }],
    ["no flag for noise", { is_noise: undefined }],
    ["a fraction as line_id", { line_id: 1.5 }],
  ])("rejects %s", (_, change) => {
    expect(reasons(file({ ...first, ...change }))).toHaveLength(1);
  });

  test.each([
    ["a box that reaches over the edge of the image", { bounding_box: { ...box, x: -0.0031, y: 1.0042 } }],
    ["a corner in pixels, which nothing uses", { top_left: { x: 120, y: 0.5 } }],
    ["no corners and no angle", { top_left: undefined, bottom_right: null, angle_degrees: "none" }],
    [
      "fields of other types that nothing uses",
      { angle_radians: null, embedding_status: 7, extracted_data: [] },
    ],
    ["a confidence in percent", { confidence: 97.3 }],
    ["a number of an unknown field that JavaScript rounds", { extra: "x", more: 1 }],
  ])("F30: accepts %s", (_, change) => {
    const { rows, rejected, repaired } = parseLines(file({ ...first, ...change }), receipt);
    expect([rows.length, rejected, repaired]).toEqual([1, [], []]);
  });

  test("F30: half of a surrogate pair is replaced in its row alone, and reported", () => {
    const { rows, rejected, repaired } = parseLines(
      file(first, { ...second, text: "Oat \ud83d cookie" }),
      receipt,
    );
    expect(rows.map((row) => row.text)).toEqual(["COFFEE", "Oat \ufffd cookie"]);
    expect(rejected).toEqual([]);
    expect(repaired).toEqual([{ file: "lines", line_number: 2, what: expect.stringContaining("U+FFFD") }]);
  });

  test.each([
    ["NaN", JSON.stringify(first).replace("0.9", "NaN"), /^not JSON: /],
    [
      "a number beyond a double",
      JSON.stringify(first).replace('"confidence":0.9', '"confidence":1e400'),
      /confidence: 1e400 exceeds/,
    ],
    ["two objects on one line", JSON.stringify(first) + JSON.stringify(second), /^not JSON: /],
    ["a list", `[${JSON.stringify(first)}]`, /expected object, received array/],
    ["a cut line", JSON.stringify(first).slice(0, 40), /^not JSON: /],
    ["a doubled key", JSON.stringify(first).replace("{", '{"line_id":7,'), /line_id: duplicate key/],
    [
      "a rounded number",
      JSON.stringify(first).replace('"line_id":1', '"line_id":9007199254740993'),
      /9007199254740993 would be rounded/,
    ],
    [
      "a number near to a whole one",
      JSON.stringify(first).replace('"line_id":1', '"line_id":1.00000000000000001'),
      /would be rounded to 1/,
    ],
  ])("F29: %s is named with its line and reason, and the rows around stay", (_, bad, reason) => {
    const { rows, rejected } = parseLines(file(first, bad, second), receipt);
    expect(rows.map((row) => row.text)).toEqual(["COFFEE", "TOTAL"]);
    expect(rejected).toEqual([
      expect.objectContaining({ line_number: 2, reason: expect.stringMatching(reason) }),
    ]);
  });

  test("rejects rows of another image or receipt", () => {
    const other = "0f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a02";
    expect(reasons(file({ ...first, image_id: other }, { ...second, receipt_id: 2 }, first))).toEqual([
      [1, `image_id is ${other}, not ${image}`],
      [2, "receipt_id is 2, not 1"],
    ]);
  });

  test("keeps the first of two rows with one number", () => {
    const { rows, rejected } = parseLines(file(first, { ...first, text: "AGAIN" }), receipt);
    expect(rows.map((row) => row.text)).toEqual(["COFFEE"]);
    expect(rejected.map((row) => row.reason)).toEqual(["line_id 1 is already used by an earlier row"]);
  });

  test("distinguishes words of different lines only", () => {
    const words = [word(1, 1, "A", box), word(2, 1, "B", box), word(2, 1, "C", box)];
    const { rows, rejected } = parseWords(ndjsonOf(words), receipt);
    expect(rows.map((row) => row.text)).toEqual(["A", "B"]);
    expect(rejected.map((row) => row.reason)).toEqual([
      "line_id 2, word_id 1 is already used by an earlier row",
    ]);
  });

  test("rejects bytes that are not UTF-8 instead of replacing them", () => {
    const broken = Buffer.from(JSON.stringify(line(1, "CAFE", box)));
    broken[broken.indexOf("CAFE") + 3] = 0xe9;
    expect(reasons(broken)).toEqual([[1, "not UTF-8"]]);
  });
});

const scans = join(import.meta.dirname, "../../../../shared/data/receipts");
const withScans = existsSync(scans) ? test : test.skip;

withScans(
  "reads all rows of the 300 scanned receipts (skipped where ../shared/data/receipts is absent)",
  () => {
    const counts = { receipts: 0, lines: 0, words: 0, rejected: 0 };
    for (const imageId of readdirSync(scans)) {
      const folder = join(scans, imageId, "receipt-00001");
      const lines = parseLines(readFileSync(join(folder, "lines.ndjson")), { imageId, receiptId: 1 });
      const words = parseWords(readFileSync(join(folder, "words.ndjson")), { imageId, receiptId: 1 });
      counts.receipts += 1;
      counts.lines += lines.rows.length;
      counts.words += words.rows.length;
      counts.rejected += lines.rejected.length + words.rejected.length;
    }
    expect(counts).toEqual({ receipts: 300, lines: 15_754, words: 33_120, rejected: 0 });
  },
);
