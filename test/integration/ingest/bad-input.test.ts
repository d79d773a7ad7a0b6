import { randomUUID } from "node:crypto";
import { decodeDelta, encodeDelta } from "../../../core/deltas/codec.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { image, line, ndjsonOf, word } from "../../unit/receipts/rows-of.ts";
import { currentRunOf } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

const box = { x: 0.1, y: 0.5, width: 0.2, height: 0.02 };

const onlyRun = () => currentRunOf(stage.runs, { imageId: image, receiptId: 1 });

describe("a message that fails, fails alone, with one log line that says what to do (F8)", () => {
  const good = () => stage.delivery(stage.receipt(["GOOD"], randomUUID()), 100);

  async function expectFailure(body: unknown, name: string, reason: RegExp): Promise<void> {
    expect(await stage.ingest(good(), stage.delivery(body, 100), good())).toEqual([
      "opened",
      "failed",
      "opened",
    ]);
    expect(stage.errors).toHaveLength(1);
    expect(stage.errors[0]?.fields).toMatchObject({
      error_name: name,
      message_id: expect.any(String),
      reason: expect.stringMatching(reason),
    });
  }

  test("a body that is not JSON", () =>
    expectFailure("{", "EmbedMessageInvalidError", /not JSON.*npm run export/));

  test("a message without a key", () =>
    expectFailure(
      { ...stage.receipt(["CAFE"]), words_key: undefined },
      "EmbedMessageInvalidError",
      /words_key/,
    ));

  test("a key that leads out of its folder (F25)", () =>
    expectFailure(
      { ...stage.receipt(["CAFE"]), lines_key: "a/../../b" },
      "EmbedMessageInvalidError",
      /lines_key/,
    ));

  test("an object that is not there", () =>
    expectFailure(
      { ...stage.receipt(["CAFE"]), words_key: "receipts/none.ndjson" },
      "ObjectMissingError",
      /no object s3:\/\/artifacts\/receipts\/none\.ndjson/,
    ));

  test("a bucket that may not be read", async () => {
    const message = stage.receipt(["CAFE"]);
    const send = stage.buckets.client.send.bind(stage.buckets.client);
    const denied = Object.assign(new Error("not authorized"), { name: "AccessDenied" });
    const client = {
      send: (command: { input: { Key: string } }) =>
        command.input.Key === message.lines_key ? Promise.reject(denied) : send(command as never),
    };
    Object.defineProperty(stage.buckets, "client", { value: client });
    await expectFailure(message, "ObjectUnreadableError", /AccessDenied/);
  });

  test("a file in which every row is bad", () =>
    expectFailure(
      stage.objects(image, Buffer.from("no\nrow\n"), ndjsonOf([word(1, 1, "A", box)])),
      "AllRowsRejectedError",
      /All 2 rows of the lines file are invalid; the first, line 1: not JSON/,
    ));

  test("an object that is far too large for one receipt", () =>
    expectFailure(
      stage.objects(image, Buffer.alloc(17 * 1024 * 1024, " "), Buffer.alloc(0)),
      "ObjectTooLargeError",
      /17825792 bytes/,
    ));

  test("a text that the provider refuses", async () => {
    stage.embedder.poison = "POISON";
    await expectFailure(stage.receipt(["POISON"]), "EmbeddingRefusedError", /refused the texts/);
  });

  test("and no run of it exists, nor a current one", async () => {
    stage.embedder.poison = "POISON";
    await stage.ingest(stage.delivery(stage.receipt(["POISON"]), 100));
    expect(await tables.items("receipts")).toEqual([]);
    expect(await tables.items("control")).toEqual([]);
  });

  test("a failure that no name was given for keeps its stack", async () => {
    stage.embedder.embed = () => Promise.reject(new TypeError("a bug"));
    expect(await stage.ingest(good())).toEqual(["failed"]);
    expect(stage.errors[0]?.fields.stack).toMatch(/a bug/);
  });
});

describe("bad rows", () => {
  const rows = [line(1, "CAFE", box), { ...line(2, "TOTAL", box), confidence: "high" }];

  test("are written with line number and reason, counted on the run, and the others embedded", async () => {
    const message = stage.objects(image, ndjsonOf(rows), ndjsonOf([word(1, 1, "CAFE", box)]));
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["opened"]);
    const run = await onlyRun();
    expect(run?.rejectedRows).toBe(1);
    const rejected = stage.buckets.objects.get(`deltas/rejected/${run?.runId}.ndjson`)?.toString() ?? "";
    expect(JSON.parse(rejected)).toEqual({
      image_id: image,
      receipt_id: 1,
      file: "lines",
      line_number: 2,
      reason: expect.stringContaining("confidence"),
      row: JSON.stringify(rows[1]),
    });
  });

  /** The rejected rows of the only run, without the rows themselves. */
  async function rejections(): Promise<unknown[]> {
    const run = await onlyRun();
    const file = stage.buckets.objects.get(`deltas/rejected/${run?.runId}.ndjson`)?.toString() ?? "";
    const rows = file.split("\n").filter((row) => row !== "");
    return rows.map((row) => JSON.parse(row)).map((row) => [row.file, row.line_number, row.reason]);
  }

  const stacked = (texts: readonly string[]) =>
    texts.map((text, index) => line(index + 1, text, { ...box, y: 0.9 - index * 0.04 }));
  const ingest = (lines: readonly object[]) =>
    stage.ingest(
      stage.delivery(stage.objects(image, ndjsonOf(lines), ndjsonOf([word(1, 1, "W", box)])), 100),
    );

  test("F30: a line of 9,000 characters is rejected alone, and its neighbours are embedded", async () => {
    expect(await ingest(stacked(["A", "B", "x".repeat(9_000), "C", "D"]))).toEqual(["opened"]);
    expect(await rejections()).toEqual([
      ["lines", 3, expect.stringMatching(/^text_too_long: 9000 characters/)],
    ]);
    const sent = stage.embedder.requests.flat();
    for (const text of ["A", "B", "C", "D"]) expect(sent).toContain(text);
  });

  test("F30: bytes do not count as tokens: 2,720 Chinese characters are one valid line", async () => {
    const [long, above] = ["中".repeat(2_720), "上".repeat(1_000)];
    const beside = line(2, long, { ...box, x: 0.7, y: 0.9 });
    expect(await ingest([...stacked([above]), beside])).toEqual(["opened"]);
    expect(await rejections()).toEqual([]);
    expect(stage.embedder.requests.flat()).toContain(`${above} ${long}`);
  });

  test("F30: a line of more tokens than the model reads is rejected alone, and clipped in the row of others", async () => {
    const long = Array.from({ length: 8_000 }, (_, at) => String.fromCodePoint(0x12000 + (at % 900)))
      .join("")
      .slice(0, 8_000);
    const [a, of, c] = stacked(["A", long, "C"]);
    const beside = { ...line(4, "D", { ...box, x: 0.7, y: 0.86 }) };
    expect(await ingest([a, of, c, beside].flatMap((one) => one ?? []))).toEqual(["opened"]);
    expect(await rejections()).toEqual([
      ["lines", 2, expect.stringMatching(/^text_too_long: more than the model's limit of 8191 tokens/)],
    ]);
    const sent = stage.embedder.requests.flat();
    for (const text of sent) expect(Buffer.byteLength(text)).toBeLessThan(8_191);
    expect(sent.some((text) => /^[\u{12000}-\u{12399}]+ D$/u.test(text))).toBe(true);
    expect(sent.every((text) => text.isWellFormed())).toBe(true);
  });

  test("F30: half of a surrogate pair in one word rejects nothing, and is reported", async () => {
    expect(await ingest(stacked(["A", "Oat \ud83d cookie", "C"]))).toEqual(["opened"]);
    expect(await rejections()).toEqual([]);
    expect(stage.embedder.requests.flat().every((text) => text.isWellFormed())).toBe(true);
    expect(stage.log.map(({ message }) => message)).toContain("Rows were repaired before they were embedded");
  });

  test("F41: a delta of another run under the receipt's key is no delta of it: the receipt is embedded again", async () => {
    const delivery = () => stage.delivery(stage.receipt(["CAFE"]), 100);
    await stage.ingest(delivery());
    const keys = stage.stored.filter((key) => key.startsWith("deltas/deltas/"));
    const right = keys.map((key) => stage.buckets.objects.get(key));
    for (const [position, key] of keys.entries()) {
      const delta = decodeDelta(right[position] ?? Buffer.alloc(0));
      stage.buckets.objects.set(key, encodeDelta({ ...delta, receiptId: 2 }));
    }
    expect(await stage.ingest(delivery())).toEqual(["unchanged"]);
    expect(keys.map((key) => stage.buckets.objects.get(key))).toEqual(right);
  });
});
