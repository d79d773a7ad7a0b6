import { decodeDelta } from "../../../core/deltas/codec.ts";
import type { DeltaStore } from "../../../core/deltas/delta-store.ts";
import { SharedRequests } from "../../../core/embedding/shared-requests.ts";
import { embedReceipts, type PlannedReceipt } from "../../../core/ingest/embed-receipts.ts";
import { type PlannedVector, planLines } from "../../../core/receipts/planned-vectors.ts";
import { FakeEmbedder } from "../../unit/ingest/stage.ts";
import { image, line } from "../../unit/receipts/rows-of.ts";

class MemoryDeltas implements DeltaStore {
  readonly files = new Map<string, Uint8Array>();

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.files.set(key, bytes);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.files.get(key);
  }

  async has(key: string): Promise<boolean> {
    return this.files.has(key);
  }
}

function planned(receiptId: number, vectors: PlannedReceipt["vectors"]): PlannedReceipt {
  return { run: { imageId: image, receiptId, runId: `run${receiptId}` }, textFormat: "test/1", vectors };
}

function linesOf(...texts: string[]): PlannedVector[] {
  return planLines(
    texts.map((text, index) => line(index + 1, text, { x: 0, y: 0.9 - index / 10, width: 1, height: 0.02 })),
    [],
  );
}

function stage(tokensPerRequest = 300_000) {
  const embedder = new FakeEmbedder();
  const deltas = new MemoryDeltas();
  return { embedder, deltas, requests: new SharedRequests({ embedder, tokensPerRequest }) };
}

test("a receipt's vectors land in its delta in the order of its ids", async () => {
  const services = stage();
  const vectors = linesOf("A", "B", "C");
  for await (const { failure } of embedReceipts([planned(1, { lines: vectors })], services)) {
    expect(failure).toBeUndefined();
  }
  const [file] = services.deltas.files.values();
  const delta = decodeDelta(file ?? Buffer.alloc(0));
  const alone = await Promise.all(vectors.map(({ text }) => services.embedder.embed([text])));
  expect(delta.documents).toEqual(["A", "B", "C"]);
  expect(Buffer.from(delta.vectors)).toEqual(Buffer.concat(alone.flat()));
});

test("only the collections that are asked for get a delta, an empty one too", async () => {
  const services = stage();
  const receipts = [planned(1, { words: [] }), planned(2, { lines: linesOf("A"), words: linesOf("B") })];
  for await (const _ of embedReceipts(receipts, services));
  expect([...services.deltas.files.keys()]).toEqual([
    `deltas/words/${image}/receipt-00001/run1.vkd`,
    `deltas/lines/${image}/receipt-00002/run2.vkd`,
    `deltas/words/${image}/receipt-00002/run2.vkd`,
  ]);
});

test("a thousand receipts are yielded in their order, in full requests, while later ones are embedded", async () => {
  const services = stage(2_000);
  const receipts = Array.from({ length: 1_000 }, (_, index) =>
    planned(index + 1, { lines: linesOf(`only text of receipt ${index + 1}`) }),
  );
  const firstGiven = Promise.withResolvers<void>();
  const embed = services.embedder.embed.bind(services.embedder);
  services.embedder.embed = async (texts) => {
    if (texts.some((text) => text.includes("receipt 1000"))) await firstGiven.promise;
    return embed(texts);
  };
  let given = 0;
  for await (const { receipt, failure } of embedReceipts(receipts, services)) {
    given += 1;
    firstGiven.resolve();
    expect([receipt.run.receiptId, failure]).toEqual([given, undefined]);
  }
  expect(given).toBe(1_000);
  expect(services.deltas.files.size).toBe(1_000);
  for (const texts of services.embedder.requests.slice(0, -1)) {
    expect(Buffer.byteLength(texts.join(""))).toBeGreaterThan(1_900);
  }
});

test("a delta that cannot be stored fails its receipt alone", async () => {
  const services = stage();
  const put = services.deltas.put.bind(services.deltas);
  services.deltas.put = async (key, bytes) => {
    if (key.includes("receipt-00002")) throw new Error("the bucket is gone");
    await put(key, bytes);
  };
  const failures: unknown[] = [];
  const receipts = [1, 2, 3].map((receiptId) => planned(receiptId, { lines: linesOf("A") }));
  for await (const { failure } of embedReceipts(receipts, services)) failures.push(failure);
  expect(failures).toEqual([undefined, new Error("the bucket is gone"), undefined]);
});

test("no receipts, no requests", async () => {
  const services = stage();
  for await (const _ of embedReceipts([], services));
  expect(services.embedder.requests).toEqual([]);
});
