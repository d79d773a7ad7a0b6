import { randomUUID } from "node:crypto";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Collection } from "../../../contract/collections.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import { deltaKey } from "../../../core/deltas/keys.ts";
import { StatusStore } from "../../../core/embedding-status/status-store.ts";
import {
  ReceiptRestlessError,
  type StatusDeps,
  writeEmbeddingStatus,
} from "../../../core/embedding-status/write-status.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { lineVectorId, type ReceiptPart, wordVectorId } from "../../../core/receipts/vector-ids.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { makeCurrent } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let runs: DynamoRunStore;
let store: StatusStore;
const deltas = new Map<string, Buffer>();

beforeAll(async () => {
  tables = await Tables.start();
  runs = new DynamoRunStore(tables);
  store = new StatusStore(tables.client, tables.receiptsTable);
});
afterAll(() => tables.stop());

const line: ReceiptPart = "LINE#00001";
const word: ReceiptPart = `${line}#WORD#00001`;
const noise: ReceiptPart = "LINE#00002";

const deps = (more: Partial<StatusDeps> = {}): StatusDeps => ({
  runs,
  deltas: { get: async (key) => deltas.get(key) },
  statuses: store,
  metrics: silentMetrics,
  ...more,
});

/** A receipt whose items are there, with one line and one word that have vectors. */
class Receipt {
  readonly imageId = randomUUID();
  readonly receiptId = 1;
  #revision = 0;

  static async exported(): Promise<Receipt> {
    const receipt = new Receipt();
    for (const part of [line, word, noise])
      await receipt.put(part, { embedding_status: "NONE", text: "MILK" });
    await receipt.export();
    return receipt;
  }

  async export(): Promise<string> {
    const { imageId, receiptId } = this;
    const runId = randomUUID().replaceAll("-", "");
    const row = { image_id: imageId, receipt_id: receiptId, line_id: 1, word_id: 1 };
    const about = { imageId, receiptId, runId, model: "m", dimensions: 1, textFormat: "f" };
    const rows = { documents: ["MILK"], metadatas: [{}], vectors: new Uint8Array(4) };
    const prefixOf = (collection: Collection) => `deltas/${collection}/${runId}`;
    const ids = { lines: lineVectorId(row), words: wordVectorId(row) };
    for (const collection of ["lines", "words"] as const) {
      const delta = encodeDelta({ ...about, ...rows, collection, ids: [ids[collection]] });
      deltas.set(deltaKey(prefixOf(collection)), delta);
    }
    const deltaPrefixes = { lines: prefixOf("lines"), words: prefixOf("words") };
    await runs.open({ imageId, receiptId, runId, deltaPrefixes, rejectedRows: 0 });
    this.#revision += 1;
    await makeCurrent(runs, this, { runId, revision: this.#revision, attempt: 1 });
    return runId;
  }

  async settle(shard: Collection, how: "complete" | "fail"): Promise<void> {
    const { runId = "" } = (await runs.current(this)) ?? {};
    const run = { imageId: this.imageId, receiptId: this.receiptId, runId };
    await runs.start(run, shard, 1);
    if (how === "complete") await runs.complete(run, shard, 1, 1);
    else await runs.fail(run, shard, 1, "it is bad");
  }

  async put(part: ReceiptPart, item: object): Promise<void> {
    await tables.client.send(
      new PutCommand({ TableName: tables.receiptsTable, Item: { ...this.#key(part), ...item } }),
    );
  }

  async remove(part: ReceiptPart): Promise<void> {
    await tables.client.send(new DeleteCommand({ TableName: tables.receiptsTable, Key: this.#key(part) }));
  }

  async item(part: ReceiptPart) {
    const get = new GetCommand({
      TableName: tables.receiptsTable,
      Key: this.#key(part),
      ConsistentRead: true,
    });
    return (await tables.client.send(get)).Item;
  }

  async statuses(): Promise<unknown[]> {
    const items = await Promise.all([line, word, noise].map((part) => this.item(part)));
    return items.map((item) => item?.embedding_status);
  }

  #key(part: ReceiptPart) {
    return { PK: `IMAGE#${this.imageId}`, SK: `RECEIPT#00001#${part}` };
  }
}

test("a line or word has SUCCESS once its collection is published and no sooner; a row without a vector keeps its own", async () => {
  const receipt = await Receipt.exported();
  expect(await writeEmbeddingStatus(receipt, deps())).toBe(0);
  expect(await receipt.statuses()).toEqual(["NONE", "NONE", "NONE"]);
  await receipt.settle("lines", "complete");
  expect(await writeEmbeddingStatus(receipt, deps())).toBe(1);
  expect(await receipt.statuses()).toEqual(["SUCCESS", "NONE", "NONE"]);
  await receipt.settle("words", "fail");
  expect(await writeEmbeddingStatus(receipt, deps())).toBe(1);
  expect(await receipt.statuses()).toEqual(["SUCCESS", "FAILED", "NONE"]);
  expect(await receipt.item(line)).toMatchObject({ text: "MILK" });
});

test("a redelivery writes nothing, and what a process left is completed", async () => {
  const receipt = await Receipt.exported();
  for (const collection of ["lines", "words"] as const) await receipt.settle(collection, "complete");
  const dying = { statusesOf: store.statusesOf.bind(store), write: jest.fn(store.write.bind(store)) };
  dying.write.mockRejectedValueOnce(new Error("killed"));
  await expect(writeEmbeddingStatus(receipt, deps({ statuses: dying }))).rejects.toThrow("killed");
  await writeEmbeddingStatus(receipt, deps());
  expect(await receipt.statuses()).toEqual(["SUCCESS", "SUCCESS", "NONE"]);
  expect(await writeEmbeddingStatus(receipt, deps())).toBe(0);
});

test("F66: an item that is deleted while its status is written stays deleted", async () => {
  const receipt = await Receipt.exported();
  await receipt.settle("lines", "complete");
  const statusesOf = async (...asked: Parameters<StatusStore["statusesOf"]>) => {
    const read = await store.statusesOf(...asked);
    await receipt.remove(line);
    return read;
  };
  const statuses = { statusesOf, write: store.write.bind(store) };
  expect(await writeEmbeddingStatus(receipt, deps({ statuses }))).toBe(0);
  expect(await receipt.item(line)).toBeUndefined();
});

test("F66: a late write of an older run does not stay", async () => {
  const receipt = await Receipt.exported();
  await receipt.settle("lines", "fail");
  const write = jest.fn(store.write.bind(store));
  write.mockImplementationOnce(async (...late) => {
    await receipt.export();
    await receipt.settle("lines", "complete");
    await writeEmbeddingStatus(receipt, deps());
    expect(await receipt.statuses()).toEqual(["SUCCESS", "NONE", "NONE"]);
    return store.write(...late);
  });
  const statuses = { statusesOf: store.statusesOf.bind(store), write };
  await writeEmbeddingStatus(receipt, deps({ statuses }));
  expect(await receipt.statuses()).toEqual(["SUCCESS", "NONE", "NONE"]);
});

test("a receipt that never rests is left to a redelivery, and one that was removed or has no items is none", async () => {
  const receipt = await Receipt.exported();
  await receipt.settle("lines", "complete");
  const statusesOf = async () => {
    await receipt.export();
    await receipt.settle("lines", "complete");
    return new Map<ReceiptPart, unknown>();
  };
  const restless = deps({ statuses: { statusesOf, write: store.write.bind(store) } });
  await expect(writeEmbeddingStatus(receipt, restless)).rejects.toThrow(ReceiptRestlessError);
  expect(await writeEmbeddingStatus({ imageId: randomUUID(), receiptId: 1 }, deps())).toBe(0);
});
