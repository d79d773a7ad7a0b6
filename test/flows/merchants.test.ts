import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import type { LoopbackServer } from "../../local/loopback-server.ts";
import { startPlacesServer } from "../../local/providers/places/server.ts";
import { setConsuming } from "./consuming.ts";
import { eventually } from "./eventually.ts";
import { nothingWasRefused } from "./looking.ts";
import { currentStates } from "./published.ts";
import { type ItemKey, keysOf, put, remove } from "./receipt-items.ts";
import { ndjson, ocrFiles, ocrRows } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";
import { finds, shows } from "./showing.ts";

jest.setTimeout(300_000);

const anchor = {
  id: "p-anchor",
  name: "The Salted Anchor Cafe",
  address: "12 Harbour Road, Port Elswick EL1 4AB",
  phone: "+44 155 014 220",
};
const crane = { id: "p-crane", name: "Lucky Crane Noodle Bar", address: "41 Station Approach, Port Elswick" };
const kettle = {
  id: "p-kettle",
  name: "Ferry Lane Kettles",
  address: "3 Ferry Lane",
  phone: "+44 155 014 230",
};
let places: LoopbackServer;
let stack: RunningStack;

beforeAll(async () => {
  places = await startPlacesServer(0, [anchor, crane, kettle]);
  stack = await RunningStack.start({
    "merchants:enabled": "true",
    "merchants:placesBaseUrl": places.url,
    "embedding:writeStatus": "true",
  });
});

afterAll(async () => {
  await stack?.stop();
  await places?.close();
});

const anchorRows = [
  "THE SALTED ANCHOR CAFE",
  "12 HARBOUR ROAD",
  "TEL 0155 014 220",
  "FLAT WHITE 3.80",
  "TOTAL 3.80",
];

async function itemOf(Key: ItemKey) {
  const { Item } = await stack.dynamo.send(
    new GetCommand({ TableName: stack.outputs.receiptsTable, Key, ConsistentRead: true }),
  );
  return Item;
}

const metadataOf = (files: OcrFiles) => itemOf(keysOf(files).metadata);

async function usage(): Promise<{ searches: number; details: number }> {
  return (await fetch(`${places.url}/local/usage`)).json() as Promise<{ searches: number; details: number }>;
}

async function faults(...planned: readonly object[]): Promise<void> {
  await fetch(`${places.url}/local/faults`, {
    method: "POST",
    body: JSON.stringify(planned.map((fault) => ({ fault }))),
  });
}

async function sendAgain(files: OcrFiles, to = stack.outputs.merchants?.queueUrl): Promise<void> {
  const run_id = await completed(stack, files);
  const body = { image_id: files.imageId, receipt_id: files.receiptId, run_id };
  await stack.sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: JSON.stringify(body) }));
}

/** Log lines about a receipt's messages, by their outcome. */
async function outcomes(files: OcrFiles): Promise<string[]> {
  const said = await stack.logged(
    stack.outputs.merchants?.logGroup ?? "",
    `"The merchant of a receipt was searched for" "${files.imageId}"`,
  );
  return said.map((line) => String(JSON.parse(line).status));
}

/** The same rows, of which OCR says that a word of the third is a telephone. */
function extractedFiles(): OcrFiles {
  const { lines, words, ...receipt } = ocrRows(anchorRows);
  const extracted = words.map((word) =>
    word.text === "0155" ? { ...word, extracted_data: { type: "phone", value: "0155 014 220" } } : word,
  );
  return { ...receipt, lines: ndjson(lines), words: ndjson(extracted) };
}

test("a published receipt gets the merchant of the place that it agrees with, and its vectors show it", async () => {
  const files = extractedFiles();
  await send(stack, files);
  await eventually(60, async () =>
    expect(await metadataOf(files)).toMatchObject({
      TYPE: "RECEIPT_METADATA",
      merchant_name: anchor.name,
      place_id: anchor.id,
      phone_number: anchor.phone,
      source: "google_places",
      confidence: expect.any(Number),
      evidence: expect.arrayContaining([{ kind: "phone", printed: "0155 014 220" }]),
    }),
  );
  const { name: merchant_name, address, phone: phone_number, id: place_id } = anchor;
  const shown = { merchant_name, address, phone_number, place_id };
  await shows(stack, files, { merchant: shown });
  const place = await itemOf(keysOf(files).place);
  expect(place).toMatchObject({
    TYPE: "RECEIPT_PLACE",
    formatted_address: address,
    validated_by: "PHONE_LOOKUP",
  });
  const where = ["--where", JSON.stringify({ normalized_phone_10: "0155014220" })];
  const line = `IMAGE#${files.imageId}#RECEIPT#00001#LINE#00003`;
  await finds(stack, where, [line]);
  await finds(stack, [...where, "--collection", "words"], [`${line}#WORD#00002`]);
  await put(stack, keysOf(files).place, { ...place, merchant_name: "Anchor by hand" });
  await shows(stack, files, { merchant: { ...shown, merchant_name: "Anchor by hand" } });
});

test("embedding_status of the lines and words in the table says that they are published, and nothing answers the change", async () => {
  const files = ocrFiles(["THE BLUE TEAPOT", "TEA 2.20"]);
  const parts = [keysOf(files).line(1), keysOf(files).word(1, 2), keysOf(files).line(9)];
  for (const part of parts) await put(stack, part, { embedding_status: "NONE", note: "mine" });
  await send(stack, files);
  await eventually(90, async () => {
    const items = await Promise.all(parts.map(itemOf));
    expect(items.map((item) => item?.embedding_status)).toEqual(["SUCCESS", "SUCCESS", "NONE"]);
    expect(items[0]).toMatchObject({ note: "mine" });
  });
  await remove(stack, keysOf(files).line(1));
  await shows(stack, files, { gone: /LINE#00001/ });
  expect(await itemOf(keysOf(files).line(1))).toBeUndefined();
});

test("an export that waits ends when its receipts are published", async () => {
  const files = ocrFiles(["THE GREEN TEAPOT", "TEA 2.40"]);
  const folder = join(stack.folder, "waited");
  const receipt = join(folder, files.imageId, "receipt-00001");
  await mkdir(receipt, { recursive: true });
  await writeFile(join(receipt, "lines.ndjson"), files.lines);
  await writeFile(join(receipt, "words.ndjson"), files.words);
  const { code, stdout } = await stack.command("export", folder, "--wait");
  expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "1 of 1 receipts published"]);
  expect(await currentStates(stack, files)).toMatchObject({ lines: "COMPLETED", words: "COMPLETED" });
});

test("an equal question is asked once, although the provider fails in between and messages come twice", async () => {
  await faults(
    { kind: "status", status: 429, retryAfterSeconds: 0 },
    { kind: "status", status: 500 },
    { kind: "text", text: "[]" },
  );
  const before = await usage();
  const files = ocrFiles(["LUCKY CRANE NOODLE BAR", "TEL 0155 014 999", "RAMEN 13.50", "TOTAL 13.50"]);
  await send(stack, files);
  await sendAgain(files);
  await sendAgain(files);
  await eventually(90, async () => expect((await outcomes(files)).length).toBeGreaterThanOrEqual(3));
  const after = await usage();
  // One by telephone, which finds nothing, and one by name.
  expect(after.searches - before.searches).toBe(2);
  expect(after.details - before.details).toBe(1);
});

test("what is not sure is proposed, and a person accepts it", async () => {
  const listed = await eventually(60, async () => {
    const { stdout } = await stack.command("merchants", "--json");
    const proposals = JSON.parse(stdout) as { merchant_name: string; image_id: string; evidence: object[] }[];
    expect(proposals).toMatchObject([{ merchant_name: crane.name, source: "google_places" }]);
    return proposals;
  });
  const receipt = `IMAGE#${listed[0]?.image_id}#RECEIPT#00001`;
  expect(await stack.command("merchants")).toMatchObject({ stdout: expect.stringContaining(receipt) });
  expect(await stack.command("merchants", "--accept", receipt)).toMatchObject({ code: 0 });
  expect((await stack.command("merchants", "--json")).stdout.trim()).toBe("[]");
  expect(await stack.command("merchants", "--accept", receipt)).toMatchObject({ code: 1 });
});

test("a proposal is looked at again, and dismissed", async () => {
  const files = ocrFiles(["LUCKY CRANE NOODLE BAR", "TEL 0155 014 998", "GYOZA 6.50", "TOTAL 6.50"]);
  await send(stack, files);
  await eventually(60, async () => expect(await outcomes(files)).toEqual(["proposed"]));
  expect(await stack.command("merchants", "--again")).toMatchObject({ code: 0 });
  await eventually(60, async () => expect(await outcomes(files)).toEqual(["proposed", "proposed"]));
  const receipt = `IMAGE#${files.imageId}#RECEIPT#00001`;
  expect(await stack.command("merchants", "--dismiss", receipt)).toMatchObject({ code: 0 });
  expect((await stack.command("merchants", "--json")).stdout.trim()).toBe("[]");
  expect(await metadataOf(files)).toBeUndefined();
});

test("a receipt of a company that is known from another receipt costs no question", async () => {
  const registered = ["TIN KETTLE SDN BHD", "(728384-M)", "KETTLE 24.00", "TOTAL 24.00"];
  const known = ocrFiles(registered);
  const merchant = { merchant_name: "Tin Kettle", place_id: "its own" };
  await put(stack, keysOf(known).metadata, merchant);
  await send(stack, known);
  await shows(stack, known, { merchant });
  const before = await usage();
  const files = ocrFiles([...registered.slice(0, 2), "CUP 4.00", "TOTAL 4.00"]);
  await send(stack, files);
  await eventually(60, async () =>
    expect(await metadataOf(files)).toMatchObject({
      merchant_name: "Tin Kettle",
      source: "similar_receipts",
    }),
  );
  expect(await metadataOf(files)).not.toHaveProperty("place_id");
  expect(await usage()).toEqual(before);
});

test("what a person or another program wrote stays", async () => {
  const files = ocrFiles(anchorRows.map((row) => row.replace("3.80", "4.10")));
  const own = { merchant_name: "Mine", note: "by hand" };
  await put(stack, keysOf(files).metadata, own);
  await send(stack, files);
  await eventually(60, async () => expect(await outcomes(files)).toContain("known"));
  expect(await metadataOf(files)).toEqual({ ...keysOf(files).metadata, ...own });
});

test("a message that SQS gave up on is listed, and a retry has its receipt looked at", async () => {
  const files = ocrFiles(["A STALL WITHOUT A NAME", "TEA 1.10", "TOTAL 1.10"]);
  await send(stack, files);
  await eventually(60, async () => expect(await outcomes(files)).toHaveLength(1));
  await sendAgain(files, stack.outputs.merchants?.deadLetterQueueUrl);
  const source = "resolve-merchant-dead-letters";
  expect(await stack.command("failed", source)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(files.imageId),
  });
  expect(await stack.command("failed", source, "--retry")).toMatchObject({ code: 0 });
  await eventually(60, async () => expect(await outcomes(files)).toHaveLength(2));
});

test("a message that is received too often is listed, and a retry has its receipt looked at", async () => {
  const files = ocrFiles(["A STALL WITHOUT A SIGN", "TEA 1.20", "TOTAL 1.20"]);
  await send(stack, files);
  await eventually(60, async () => expect(await outcomes(files)).toHaveLength(1));
  const { queueUrl: QueueUrl = "", deadLetterQueueUrl = "" } = stack.outputs.merchants ?? {};
  const consumer = stack.outputs.merchants?.function ?? "";
  await setConsuming(stack, consumer, false);
  await sendAgain(files);
  // Each time as a process does that ends before its first call.
  const receive = () => stack.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
  let receives = 0;
  while (((await receive()).Messages ?? []).length > 0) receives += 1;
  await setConsuming(stack, consumer, true);
  const { RedrivePolicy = "{}" } = await attributesOf(QueueUrl);
  expect(receives).toBe(JSON.parse(RedrivePolicy).maxReceiveCount);
  expect(await attributesOf(deadLetterQueueUrl)).toMatchObject({ ApproximateNumberOfMessages: "1" });
  const source = "resolve-merchant-dead-letters";
  expect(await stack.command("failed", source)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(files.imageId),
  });
  expect(await stack.command("failed", source, "--retry")).toMatchObject({ code: 0 });
  await eventually(60, async () => expect(await outcomes(files)).toHaveLength(2));
});

async function attributesOf(QueueUrl: string): Promise<Partial<Record<string, string>>> {
  const { Attributes = {} } = await stack.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  return Attributes;
}

test("a spent budget defers a receipt and fires its alarm, and with a budget its merchant is found", async () => {
  const TableName = stack.outputs.controlTable;
  const Key = { PK: "PLACES#SPENDING", SK: new Date().toISOString().slice(0, 10) };
  await stack.dynamo.send(new PutCommand({ TableName, Item: { ...Key, micro_usd: 1e12, places: 1 } }));
  const files = ocrFiles(["FERRY LANE KETTLES", "TEL 0155 014 230", "KETTLE 24.10", "TOTAL 24.10"]);
  await send(stack, files);
  await eventually(120, async () => expect(await alarmState("merchant-budget-spent")).toBe("ALARM"));
  expect(await metadataOf(files)).toBeUndefined();
  expect(await stack.command("failed")).toMatchObject({ code: 0 });
  await stack.dynamo.send(new DeleteCommand({ TableName, Key }));
  // The deferred message itself is hidden until the next day.
  await sendAgain(files);
  await eventually(60, async () => expect(await metadataOf(files)).toMatchObject({ place_id: kettle.id }));
});

async function alarmState(what: string): Promise<string | undefined> {
  const cloudWatch = new CloudWatchClient(stack.client);
  const AlarmNamePrefix = `vectorkeep-local-${what}`;
  const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix }));
  cloudWatch.destroy();
  return MetricAlarms[0]?.StateValue;
}

test("nothing was refused to a role, and no failure is left", async () => {
  await nothingWasRefused(stack);
  expect(await stack.command("failed")).toMatchObject({ code: 0 });
});
