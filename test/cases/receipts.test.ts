import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hitTable } from "../../cli/hit-table.ts";
import { type Collection, collections } from "../../contract/collections.ts";
import { decodeDelta } from "../../core/deltas/codec.ts";
import type { Delta } from "../../core/deltas/delta.ts";
import { exportFolders, findReceiptFolders, type ReceiptFolder } from "../../core/ingest/export-folder.ts";
import { Stage } from "../unit/ingest/stage.ts";
import { Tables } from "../unit/runs/tables.ts";
import { caseFile, readCase, testCases } from "./reported-cases.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

const sentAt = Date.now();

async function folderOf(name: string): Promise<ReceiptFolder> {
  const [folder] = await findReceiptFolders(caseFile(name, "receipts"));
  if (folder === undefined) throw new Error(`The case ${name} has no receipt.`);
  return folder;
}

/** `npm run export` of the case's folder; the failures, and the messages that the queue got. */
async function exported(name: string) {
  const { s3 } = stage.services;
  const services = { s3, sqs: stage.sqs, artifactsBucket: "artifacts", embedQueueUrl: "embed" };
  const { failures, lines, words, notes } = await exportFolders([await folderOf(name)], services, () => {});
  return {
    lines,
    words,
    notes,
    failures: failures.map(({ message }) => message),
    messages: stage.sentBack.map(({ body }) => body),
  };
}

/** Of another producer, which checks nothing: objects and a message. */
async function messageOf(name: string): Promise<Record<string, unknown>> {
  const { imageId, folder } = await folderOf(name);
  const [lines, words] = ["lines", "words"].map((file) => readFileSync(join(folder, `${file}.ndjson`)));
  return stage.objects(imageId, lines ?? Buffer.alloc(0), words ?? Buffer.alloc(0));
}

/** What the stack holds of the only receipt: its deltas and rejected rows. */
function stored() {
  const deltas = new Map<Collection, Delta>();
  const rejected: { file: string; line_number: number; reason: string }[] = [];
  for (const [path, bytes] of stage.buckets.objects) {
    if (path.startsWith("deltas/deltas/")) {
      const delta = decodeDelta(bytes);
      deltas.set(delta.collection, delta);
    }
    if (!path.startsWith("deltas/rejected/")) continue;
    const rows = bytes.toString().trim().split("\n");
    rejected.push(...rows.map((row) => JSON.parse(row)));
  }
  const documents = (collection: Collection) => deltas.get(collection)?.documents ?? [];
  const texts = stage.embedder.requests.flat();
  /** The texts of the receipt's visual rows, from the highest down. */
  const rows = () => {
    const { documents = [], metadatas = [] } = deltas.get("lines") ?? {};
    const lines = documents.map((text, at) => ({ text, ...metadatas[at] })) as Record<string, unknown>[];
    const byRow = [...Map.groupBy(lines, ({ row }) => Number(row))].sort(([one], [other]) => one - other);
    return byRow.map(([, own]) =>
      own
        .sort((one, other) => Number(one.column) - Number(other.column))
        .map(({ text }) => text)
        .join(" "),
    );
  };
  return { documents, rejected, texts, rows };
}

async function exportedAndEmbedded(name: string) {
  const { failures, messages } = await exported(name);
  expect(failures).toEqual([]);
  const deliveries = messages.map((body) => stage.delivery(body, Date.now()));
  expect(await stage.ingest(...deliveries)).toEqual(["opened"]);
  return stored();
}

const tenLines = [
  "CAFE AURORA",
  "12 Harbour Street",
  "Flat white",
  "4.20",
  "Oat cookie",
  "3.10",
  "TOTAL",
  "7.30",
  "Paid by card",
  "Thank you",
];

const sevenRows = [
  "CAFE AURORA",
  "12 Harbour Street",
  "Flat white 4.20",
  "Oat cookie 3.10",
  "TOTAL 7.30",
  "Paid by card",
  "Thank you",
];

testCases({
  "42-ocr-lone-surrogate": async () => {
    const { notes } = await exported("42-ocr-lone-surrogate");
    expect(notes[0]).toMatch(/^Receipt 1 of image \S+: lines line 5: text: half of a surrogate pair/);
    stage.sentBack.length = 0;
    const { documents, rejected, texts } = await exportedAndEmbedded("42-ocr-lone-surrogate");
    expect(documents("lines")).toEqual(tenLines.with(4, "Oat \ufffd cookie"));
    expect(rejected).toEqual([]);
    for (const text of [...texts, ...documents("words")]) expect(text.isWellFormed()).toBe(true);
  },

  "43-box-outside-page": async () => {
    const { documents, rejected } = await exportedAndEmbedded("43-box-outside-page");
    expect([documents("lines"), rejected]).toEqual([tenLines, []]);
  },

  "44-rotated-90": async () => {
    const { documents, rows, texts } = await exportedAndEmbedded("44-rotated-90");
    expect(documents("lines")).toEqual(tenLines);
    expect(rows()).toEqual(sevenRows);
    for (const row of sevenRows) expect(texts).toContain(row);
  },

  "47-two-columns": async () => {
    const { documents, rows } = await exportedAndEmbedded("47-two-columns");
    expect(documents("lines")).toHaveLength(10);
    const levels = (text: string) =>
      [...text.matchAll(/(?:left|right)(\d)/g)].map(([, level]) => Number(level));
    for (const text of rows()) {
      const [own = 0] = levels(text);
      for (const level of levels(text)) expect(Math.abs(level - own)).toBeLessThanOrEqual(1);
    }
  },

  "48-zero-and-page-size-boxes": async () => {
    const { documents, rows } = await exportedAndEmbedded("48-zero-and-page-size-boxes");
    expect(documents("lines")).toEqual(tenLines);
    // The box of TOTAL is as large as the page: it ties nothing together, its own amount included.
    expect(rows().filter((row) => row !== "TOTAL")).toEqual(
      sevenRows.map((row) => (row === "TOTAL 7.30" ? "7.30" : row)),
    );
    expect(rows()).toContain("TOTAL");
  },

  "49-ndjson-odd": async () => {
    const reasons = [
      [2, /not JSON/],
      [3, /confidence: 1e400/],
      [4, /line_id: duplicate key/],
      [6, /line_id: 9007199254740993 would be rounded/],
      [13, /not JSON/],
      [14, /expected object, received array/],
      [15, /not JSON/],
    ] as const;
    const { failures, messages } = await exported("49-ndjson-odd");
    expect(messages).toEqual([]);
    for (const [line, reason] of reasons) {
      expect(failures[0]).toMatch(new RegExp(`lines line ${line}: [^;]*${reason.source}`));
    }

    expect(await stage.ingest(stage.delivery(await messageOf("49-ndjson-odd"), sentAt))).toEqual(["opened"]);
    const { documents, rejected } = stored();
    expect(documents("lines")).toEqual([
      "CAFE AURORA",
      "Oat cookie",
      "7.30",
      "Paid by card",
      "Thank you",
      "TOTAL",
    ]);
    expect(rejected.filter(({ file }) => file === "lines")).toEqual(
      reasons.map(([line_number, reason]) =>
        expect.objectContaining({ line_number, reason: expect.stringMatching(reason) }),
      ),
    );
  },

  "52-long-and-control": async () => {
    const { documents, rejected, texts } = await exportedAndEmbedded("52-long-and-control");
    expect(rejected.filter(({ file }) => file === "lines")).toEqual([
      expect.objectContaining({
        line_number: 5,
        reason: expect.stringMatching(/^text_too_long: 9000 characters/),
      }),
    ]);
    expect(documents("lines")).toHaveLength(9);
    expect(texts).toContain("Flat white 4.20");
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThan(4 * 8_191);
    const steering = documents("lines").find((text) => text.includes("\u001b")) ?? "";
    const hit = { id: "i", image_id: "i", receipt_id: 1, line_id: 6, text: steering, score: 1, metadata: {} };
    const shown = hitTable({ collection: "lines", generations: {}, hits: [hit] });
    expect(shown.join("\n")).toMatch(/tab here +bell +red$/);
    expect(shown.join("\n")).not.toMatch(/[^\P{Cc}\n]/u);
  },

  "63-sqs-odd-bodies": async () => {
    const named = JSON.parse(readCase("63-sqs-odd-bodies", "input.json")).bodies as string[];
    const right = stage.receipt(["RIGHT"]);
    const bodies: Readonly<Record<string, readonly [unknown, RegExp]>> = {
      "SNS envelope around a right message": [
        { Type: "Notification", TopicArn: "arn:aws:sns:us-east-1:0:t", Message: JSON.stringify(right) },
        /SNS envelope/,
      ],
      "BOM + right JSON": [`\ufeff${JSON.stringify(right)}`, /byte order mark/],
      "JSON string of JSON": [JSON.stringify(JSON.stringify(right)), /JSON string/],
      "[]": ["[]", /a list/],
      null: ["null", /null/],
      "receipt_id as text": [{ ...right, receipt_id: "1" }, /receipt_id/],
      "lines_key ../../etc/passwd": [{ ...right, lines_key: "../../etc/passwd" }, /lines_key/],
      '{"Event":"s3:TestEvent"}': ['{"Event":"s3:TestEvent"}', /test event of an S3 notification/],
    };
    expect(Object.keys(bodies).sort()).toEqual(named.toSorted());
    const odd = Object.values(bodies);
    const deliveries = odd.map(([body]) => stage.delivery(body, sentAt));
    const [first, last] = [
      stage.delivery(right, sentAt),
      stage.delivery(stage.receipt(["LAST"], lastImage), sentAt),
    ];
    const outcomes = await stage.ingest(first, ...deliveries, last);
    expect(outcomes).toEqual(["opened", ...odd.map(() => "failed"), "opened"]);
    expect(stage.errors).toHaveLength(odd.length);
    for (const [position, [, reason]] of odd.entries()) {
      const { messageId } = deliveries[position] ?? {};
      const line = stage.errors.find(({ fields }) => fields.message_id === messageId);
      expect(line?.fields.reason).toMatch(reason);
    }
  },

  "69-box-rounding-outside": async () => {
    const { documents, rejected } = await exportedAndEmbedded("69-box-rounding-outside");
    expect([documents("lines"), rejected]).toEqual([tenLines, []]);
  },
});

const lastImage = "0f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a02";

/** Inputs of the same kinds that nobody has reported yet, made of the rows of one receipt. */
describe("receipts of the same kinds", () => {
  const rowOf = (text: string, at: number, more: object = {}) => {
    const box = { x: 0.1, y: 0.9 - at * 0.04, width: 0.3, height: 0.02 };
    const row = {
      image_id: lastImage,
      receipt_id: 1,
      line_id: at + 1,
      text,
      bounding_box: box,
      confidence: 0.9,
      is_noise: false,
    };
    return { ...row, ...more };
  };
  const ingest = async (lines: string | Uint8Array, words = "") => {
    const message = stage.objects(lastImage, Buffer.from(lines), Buffer.from(words));
    return stage.ingest(stage.delivery(message, sentAt));
  };
  const ndjson = (rows: readonly object[], end = "\n") => rows.map((row) => JSON.stringify(row)).join(end);

  test("CRLF, a byte order mark and blank lines between rows", async () => {
    expect(await ingest(`\ufeff${ndjson([rowOf("A", 0), rowOf("B", 1)], "\r\n\r\n \t\r\n")}\r\n`)).toEqual([
      "opened",
    ]);
    expect([stored().documents("lines"), stored().rejected]).toEqual([["A", "B"], []]);
  });

  test("empty files, and files of noise or invisible text, make a run without vectors", async () => {
    expect(await ingest("")).toEqual(["opened"]);
    const nothing = [rowOf("~", 0, { is_noise: true }), rowOf("\u200b\u200d\ufeff", 1), rowOf(" \t ", 2)];
    expect(await ingest(ndjson(nothing))).toEqual(["opened"]);
    for (const collection of collections) expect(stored().documents(collection)).toEqual([]);
    expect(stage.embeddedTexts).toBe(0);
  });

  test("rows with an odd number or a number of another row are rejected alone", async () => {
    const odd = [
      rowOf("NEGATIVE", 1, { line_id: -2 }),
      rowOf("TEXT", 2, { line_id: "3" }),
      rowOf("AGAIN", 3, { line_id: 1 }),
      rowOf("HUGE", 4, { line_id: 123_456_789 }),
    ];
    expect(await ingest(ndjson([rowOf("A", 0), ...odd]))).toEqual(["opened"]);
    expect(stored().documents("lines")).toEqual(["A", "HUGE"]);
    expect(stored().rejected.map(({ line_number }) => line_number)).toEqual([2, 3, 4]);
  });

  test("text with tabs, newlines, joiners and from right to left is kept as it is", async () => {
    const texts = ["a\tb", "two\nlines", "👩‍👩‍👧", "\u200fشكرا", "e\u0301"];
    expect(await ingest(ndjson(texts.map((text, at) => rowOf(text, at))))).toEqual(["opened"]);
    expect(stored().documents("lines")).toEqual(texts);
  });

  test("bytes that are not UTF-8 are rejected in their row alone", async () => {
    const bad = Buffer.from(`${ndjson([rowOf("A", 0), rowOf("CAFE", 1), rowOf("C", 2)])}\n`);
    bad[bad.indexOf("CAFE") + 3] = 0xe9;
    expect(await ingest(bad)).toEqual(["opened"]);
    expect(stored().documents("lines")).toEqual(["A", "C"]);
    expect(stored().rejected).toEqual([expect.objectContaining({ line_number: 2, reason: "not UTF-8" })]);
  });
});
