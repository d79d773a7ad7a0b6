import { randomUUID } from "node:crypto";
import { image, line, ndjsonOf, word } from "../receipts/rows-of.ts";
import { currentRunOf } from "../runs/current.ts";
import { Tables } from "../runs/tables.ts";
import { Stage } from "./stage.ts";

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

  async function expectFailure(body: unknown, name: string, text: RegExp): Promise<void> {
    expect(await stage.ingest(good(), stage.delivery(body, 100), good())).toEqual([
      "opened",
      "failed",
      "opened",
    ]);
    expect(stage.errors).toHaveLength(1);
    expect(stage.errors[0]?.fields).toMatchObject({ error_name: name, message_id: expect.any(String) });
    expect(stage.errors[0]?.message).toMatch(text);
  }

  test("a body that is not JSON", () =>
    expectFailure("{", "EmbedMessageInvalid", /not JSON.*npm run export/));

  test("a message without a key", () =>
    expectFailure({ ...stage.receipt(["CAFE"]), words_key: undefined }, "EmbedMessageInvalid", /words_key/));

  test("a key that leads out of its folder (F25)", () =>
    expectFailure(
      { ...stage.receipt(["CAFE"]), lines_key: "a/../../b" },
      "EmbedMessageInvalid",
      /lines_key/,
    ));

  test("an object that is not there", () =>
    expectFailure(
      { ...stage.receipt(["CAFE"]), words_key: "receipts/none.ndjson" },
      "ObjectMissing",
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
    await expectFailure(message, "ObjectUnreadable", /AccessDenied/);
  });

  test("a file in which every row is bad", () =>
    expectFailure(
      stage.objects(image, Buffer.from("no\nrow\n"), ndjsonOf([word(1, 1, "A", box)])),
      "AllRowsRejected",
      /All 2 rows of the lines file are bad; the first, line 1: not JSON/,
    ));

  test("an object that is far too large for one receipt", () =>
    expectFailure(
      stage.objects(image, Buffer.alloc(17 * 1024 * 1024, " "), Buffer.alloc(0)),
      "ObjectTooLarge",
      /17825792 bytes/,
    ));

  test("a text that the provider refuses", async () => {
    stage.embedder.poison = "POISON";
    await expectFailure(stage.receipt(["POISON"]), "EmbeddingRefused", /refused the texts/);
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
      file: "lines",
      line_number: 2,
      reason: expect.stringContaining("confidence"),
      row: JSON.stringify(rows[1]),
    });
  });

  test("include a text that the model might cut, which stays as context and is never cut", async () => {
    const long = "é".repeat(4_096);
    const lines = [line(1, "CAFE", { ...box, y: 0.8 }), line(2, long, { ...box, y: 0.1 })];
    const words = [word(1, 1, "CAFE", { ...box, y: 0.8 }), word(2, 1, long, { ...box, y: 0.1 })];
    const alone = line(3, "FAR", { ...box, y: 0.95 });
    const message = stage.objects(image, ndjsonOf([...lines, alone]), ndjsonOf(words));
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["opened"]);
    const run = await onlyRun();
    const rejected = stage.buckets.objects.get(`deltas/rejected/${run?.runId}.ndjson`)?.toString() ?? "";
    const reasons = rejected
      .trim()
      .split("\n")
      .map((row) => JSON.parse(row));
    expect(reasons.map(({ file, line_number, reason }) => [file, line_number, reason])).toEqual([
      ["lines", 1, "text_too_long"],
      ["lines", 2, "text_too_long"],
      ["words", 2, "text_too_long"],
    ]);
    expect(stage.embedder.requests.flat().every((text) => !text.includes("é"))).toBe(true);
  });
});
