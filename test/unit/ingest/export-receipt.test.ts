import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { exportFolders, findReceiptFolders } from "../../../core/ingest/export-folder.ts";
import { checkOcrFiles, enqueue, uploadOcrFiles } from "../../../core/ingest/export-receipt.ts";
import {
  EnqueueFailedError,
  NoReceiptsError,
  OcrResultsInvalidError,
} from "../../../core/ingest/ingest-errors.ts";
import { ocrFilesOf } from "../../../core/ingest/ocr-results.ts";
import { parseEmbedMessage } from "../../../core/receipts/embed-message.ts";
import { Buckets } from "../deltas/bucket.ts";
import { image, line, ndjsonOf, word } from "../receipts/rows-of.ts";

const box = { x: 0.1, y: 0.5, width: 0.2, height: 0.02 };
const lines = [line(1, "CAFE", box), line(2, "TOTAL", box)];
const words = [word(1, 1, "CAFE", box)];
const event = { image_id: image, receipt_id: 1, lines, words };

/** A queue that keeps batches and refuses the entries of some receipts. */
function queue(refuses: (body: string) => boolean = () => false) {
  const batches: string[][] = [];
  const send = async ({ input }: SendMessageBatchCommand) => {
    const entries = input.Entries ?? [];
    batches.push(entries.map((entry) => entry.MessageBody ?? ""));
    const Failed = entries
      .filter((entry) => refuses(entry.MessageBody ?? ""))
      .map(({ Id }) => ({ Id, Code: "InternalError", Message: "try later", SenderFault: false }));
    return { Failed };
  };
  return { batches, client: { send } as unknown as SQSClient };
}

describe("the OCR results of one receipt", () => {
  test("become two objects whose keys name their content, and a message that the embed function reads", async () => {
    const buckets = new Buckets();
    const files = await ocrFilesOf(event);
    expect(checkOcrFiles(files)).toEqual({ lines: 2, words: 1, notes: [] });
    const message = await uploadOcrFiles(buckets.client, "artifacts", files);
    expect(message.lines_key).toMatch(
      new RegExp(`^receipts/${image}/receipt-00001/lines-[0-9a-f]{16}\\.ndjson$`),
    );
    expect(parseEmbedMessage(JSON.stringify(message))).toEqual(message);
    const stored = buckets.objects.get(`artifacts/${message.lines_key}`)?.toString() ?? "";
    expect(
      stored
        .trim()
        .split("\n")
        .map((row) => JSON.parse(row)),
    ).toEqual(lines);
  });

  test("keep their keys when they are the same, and get others when a row changes", async () => {
    const buckets = new Buckets();
    const upload = async (changed: object[]) =>
      uploadOcrFiles(buckets.client, "artifacts", await ocrFilesOf({ ...event, lines: changed }));
    const first = await upload(lines);
    expect(await upload(lines)).toMatchObject({ lines_key: first.lines_key, words_key: first.words_key });
    const second = await upload([line(1, "BAR", box)]);
    expect(second.lines_key).not.toBe(first.lines_key);
    expect(second.words_key).toBe(first.words_key);
  });

  test("are refused with all their problems at once", async () => {
    const bad = {
      ...event,
      lines: [{ ...lines[0], text: 5 }, lines[1]],
      words: [{ ...words[0], receipt_id: 9 }],
    };
    const files = await ocrFilesOf(bad);
    expect(() => checkOcrFiles(files)).toThrow(OcrResultsInvalidError);
    expect(() => checkOcrFiles(files)).toThrow(
      /lines line 1: text: .*; words line 1: receipt_id is 9, not 1/,
    );
  });

  test.each([
    ["no image", { ...event, image_id: undefined }, /image_id/],
    ["rows that are none", { ...event, words: [null] }, /words\.0/],
    ["nothing at all", undefined, /The OCR results/],
  ])("are refused with %s", async (_, broken, text) => {
    await expect(ocrFilesOf(broken)).rejects.toThrow(text);
  });

  test("without any line are no receipt", async () => {
    const files = await ocrFilesOf({ ...event, lines: [], words: [] });
    expect(() => checkOcrFiles(files)).toThrow(/there is no line/);
  });

  test("that the queue does not take are an error, not an answer (F7, F19)", async () => {
    const message = await uploadOcrFiles(new Buckets().client, "artifacts", await ocrFilesOf(event));
    const sent = enqueue(queue(() => true).client, "embed", [message]);
    await expect(sent).rejects.toThrow(EnqueueFailedError);
    await expect(sent).rejects.toThrow(/receipt 1 of image 7f0c1a52.*InternalError: try later/);
  });
});

describe("a folder of receipts", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vectorkeep-export-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function imageNumber(number: number): string {
    return `7f0c1a52-3d5e-4b8a-9c11-${String(number).padStart(12, "0")}`;
  }

  async function write(imageId: string, receiptFolder: string, text = "CAFE"): Promise<void> {
    const path = join(folder, imageId, receiptFolder);
    await mkdir(path, { recursive: true });
    const changes = { image_id: imageId };
    await writeFile(join(path, "lines.ndjson"), ndjsonOf([line(1, text, box, changes)]));
    await writeFile(join(path, "words.ndjson"), ndjsonOf([word(1, 1, text, box, changes)]));
  }

  async function exported(client: SQSClient) {
    const buckets = new Buckets();
    const services = {
      s3: buckets.client,
      sqs: client,
      artifactsBucket: "artifacts",
      embedQueueUrl: "embed",
    };
    const reports: number[] = [];
    const done = await exportFolders(await findReceiptFolders(folder), services, (progress) =>
      reports.push(progress.receipts),
    );
    return { done, reports, buckets };
  }

  test("is exported in batches of ten, with progress after each", async () => {
    for (let number = 1; number <= 12; number++) await write(imageNumber(number), "receipt-00001");
    const { client, batches } = queue();
    const { done, reports, buckets } = await exported(client);
    expect(batches.map((batch) => batch.length)).toEqual([10, 2]);
    expect(reports).toEqual([10, 12]);
    expect(done).toMatchObject({ receipts: 12, lines: 12, words: 12, failures: [], notes: [] });
    expect(buckets.objects.size).toBe(24);
  });

  test("may hold several receipts of an image, and other files", async () => {
    await write(imageNumber(1), "receipt-00002");
    await write(imageNumber(1), "receipt-1");
    await write("drafts", "receipt-00001");
    await writeFile(join(folder, "notes.txt"), "to be sorted");
    const found = await findReceiptFolders(folder);
    expect(found.map(({ receiptId }) => receiptId)).toEqual([2, 1]);
  });

  test("may be made of links to folders elsewhere", async () => {
    await write(imageNumber(1), "receipt-00001");
    const links = await mkdtemp(join(tmpdir(), "vectorkeep-links-"));
    try {
      await symlink(join(folder, imageNumber(1)), join(links, imageNumber(1)));
      expect(await findReceiptFolders(links)).toHaveLength(1);
    } finally {
      await rm(links, { recursive: true });
    }
  });

  test("exports the valid receipts and reports the others: bad rows, a missing file, a full queue (F20)", async () => {
    for (let number = 1; number <= 4; number++) await write(imageNumber(number), "receipt-00001");
    await writeFile(join(folder, imageNumber(2), "receipt-00001", "lines.ndjson"), "nothing useful");
    await rm(join(folder, imageNumber(3), "receipt-00001", "words.ndjson"));
    const { client } = queue((body) => body.includes(imageNumber(4)));
    const { done } = await exported(client);
    expect([done.receipts, done.lines, done.words]).toEqual([1, 1, 1]);
    expect(done.failures.map((failure) => failure.message)).toEqual([
      expect.stringMatching(/lines line 1: not JSON/),
      expect.stringMatching(/ENOENT.*words\.ndjson/),
      expect.stringMatching(/did not accept receipt 1/),
    ]);
  });

  test("without receipts is an error that says what a receipt looks like", async () => {
    await expect(findReceiptFolders(folder)).rejects.toThrow(NoReceiptsError);
    await expect(findReceiptFolders(join(folder, "none"))).rejects.toThrow(/There is no receipt in .*none/);
  });

  test("names every receipt that was lost when the queue cannot be reached", async () => {
    for (let number = 1; number <= 2; number++) await write(imageNumber(number), "receipt-00001");
    const client = { send: () => Promise.reject(new Error("no such queue")) } as unknown as SQSClient;
    const { done } = await exported(client);
    expect([done.receipts, done.lines, done.failures.length]).toEqual([0, 0, 2]);
  });
});
