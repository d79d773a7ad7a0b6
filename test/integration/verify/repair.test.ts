import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import type { VectorStore } from "../../../core/collections/chroma/vector-store.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { shardOf } from "../../../core/documents/shards.ts";
import { receiptKey } from "../../../core/receipts/receipt.ts";
import { runKey } from "../../../core/runs/run-item.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { repair } from "../../../core/verify/repair.ts";
import type { Finding } from "../../../core/verify/report.ts";
import { chosen } from "../../faults/seeds.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, wordDeltaOf } from "../../unit/collections/sample-deltas.ts";
import { hastyClock } from "../../unit/resilience/clocks.ts";
import { doctor, verified } from "./verified.ts";

jest.setTimeout(120_000);

const milk = deltaOf(1, "run-1", ["milk", "bread", "total"]);
const tea = deltaOf(2, "run-2", ["tea", "cake"]);
const milkWords = wordDeltaOf(1, "run-1", [["milk"], ["bread"], ["total"]]);
const teaWords = wordDeltaOf(2, "run-2", [["tea"], ["cake"]]);
const [first = ""] = milk.ids;

let lines: CompactionRig;
let words: CompactionRig;

async function cycles(...rigs: readonly CompactionRig[]): Promise<void> {
  for (const rig of rigs) await rig.compact();
}

/** Two receipts in both collections, each with one run. */
beforeEach(async () => {
  lines = await CompactionRig.start();
  words = lines.beside("words");
  for (const [one, other] of [
    [milk, milkWords],
    [tea, teaWords],
  ] as const) {
    lines.bucket.set(deltaKey(deltaPrefix(other)), encodeDelta(other));
    await lines.embed(one);
    words.send(other, `event-${other.runId}`);
  }
  await cycles(lines, words);
});
afterEach(() => lines.stop());

/** Repairs while cycles go on, those of `rigs`. */
async function repaired(findings: readonly Finding[], rigs = [lines, words], embedAgain = async () => false) {
  const clock = hastyClock();
  const queueOf = (collection: string) =>
    rigs.filter((rig) => rig.collection === collection).map(({ queues }) => queues.queue);
  return repair(
    {
      runs: lines.runs,
      queues: new RunQueues({
        client: lines.sqs.client,
        queueUrls: { lines: queueOf("lines"), words: queueOf("words") },
        region: "us-east-1",
      }),
      deltas: { get: async (key) => lines.bucket.get(key) },
      embedAgain,
      time: new Date().toISOString(),
      clock: {
        now: clock.now,
        sleep: async (ms) => {
          await cycles(...rigs);
          await clock.sleep(ms);
        },
      },
      onProgress: () => undefined,
    },
    findings,
  );
}

async function removeTea(): Promise<void> {
  await lines.put(itemsOf(2).receipt);
  const record = await lines.remove(itemsOf(2).receipt);
  for (const rig of [lines, words]) rig.announce([record]);
  await cycles(lines, words);
}

const changes: [string, (store: VectorStore) => Promise<unknown>][] = [
  ["a vector that is missing", (store) => store.delete([first])],
  ["all vectors of a receipt", (store) => store.delete(milk.ids)],
  [
    "a vector that is one too many",
    (store) =>
      store.upsert([{ delta: deltaOf(1, "run-1", ["milk", "bread", "total", "thanks"]), from: 3, to: 4 }]),
  ],
  [
    "a document that differs",
    (store) => store.upsert([{ delta: deltaOf(1, "run-1", ["butter"]), from: 0, to: 1 }]),
  ],
  ["stale metadata", (store) => store.updateMetadata(new Map([[first, { merchant_name: "Nobody" }]]))],
  ["metadata that no item has", (store) => store.updateMetadata(new Map([[first, { colour: "red" }]]))],
];

test.each(chosen(changes, 3))("%s is repaired", async (_, change) => {
  await doctor(lines, async (store) => void (await change(store)));
  const { faulty, findings } = await verified(lines);
  expect(faulty).toBe(1);
  expect(await repaired(findings)).toEqual({ redriven: 1, embeddedAgain: 0, unfinished: 0, failedAgain: 0 });
  for (const rig of [lines, words]) expect(await verified(rig)).toMatchObject({ faulty: 0, on_their_way: 0 });
});

test("a label that differs is repaired", async () => {
  const [word = ""] = milkWords.ids;
  await words.put(itemsOf(1).label(1, 1, "TOTAL"), { validation_status: "INVALID" });
  await doctor(words, (store) =>
    store.updateMetadata(new Map([[word, { label_TOTAL: true, label_status: "validated" }]])),
  );
  const { stale, findings } = await verified(words);
  expect([stale, findings]).toEqual([1, [expect.objectContaining({ vectors: [`stale metadata ${word}`] })]]);
  await repaired(findings);
  expect(await verified(words)).toMatchObject({ faulty: 0, stale: 0 });
});

test("vectors of a receipt that was removed go again", async () => {
  await removeTea();
  await doctor(lines, (store) => store.upsert([{ delta: tea, from: 0, to: 2 }]));
  const { extra, findings } = await verified(lines);
  expect(extra).toBe(2);
  await repaired(findings);
  await cycles(lines, words);
  expect(await verified(lines)).toMatchObject({ faulty: 0, extra: 0, vectors: 3 });
});

test("a run whose delta is lost is embedded again, and then republished", async () => {
  const key = deltaKey(deltaPrefix(milk));
  lines.bucket.delete(key);
  await doctor(lines, (store) => store.delete([first]));
  const { without_delta, findings } = await verified(lines);
  expect(without_delta).toBe(1);
  const embedAgain = jest.fn(async () => {
    lines.bucket.set(key, encodeDelta(milk));
    return true;
  });
  const done = await repaired(findings, [lines, words], embedAgain);
  expect(done).toEqual({ redriven: 1, embeddedAgain: 1, unfinished: 0, failedAgain: 0 });
  expect(embedAgain).toHaveBeenCalledWith(expect.objectContaining({ runId: "run-1" }), 1);
  expect(await verified(lines)).toMatchObject({ faulty: 0, vectors: 5 });
});

test("F36: a receipt that fails again is counted as such, not as done", async () => {
  await doctor(lines, (store) => store.delete([first]));
  const { findings } = await verified(lines);
  lines.bucket.delete(deltaKey(deltaPrefix(milk)));
  expect(await repaired(findings)).toMatchObject({ redriven: 1, unfinished: 0, failedAgain: 1 });
});

test("a run whose rows are gone too stays named", async () => {
  lines.bucket.delete(deltaKey(deltaPrefix(milk)));
  const { findings } = await verified(lines);
  expect(await repaired(findings)).toEqual({ redriven: 0, embeddedAgain: 0, unfinished: 0, failedAgain: 0 });
  expect(await verified(lines)).toMatchObject({ without_delta: 1 });
});

test("a run that is lost is embedded again", async () => {
  const { client, receiptsTable } = lines.tables;
  await client.send(new DeleteCommand({ TableName: receiptsTable, Key: { ...runKey(milk) } }));
  const { without_run, findings } = await verified(lines);
  expect(without_run).toBe(1);
  const embedAgain = async () => {
    await lines.embed(milk, 1);
    words.send(milkWords, "event-again");
    return true;
  };
  await repaired(findings, [lines, words], embedAgain);
  expect(await verified(lines)).toMatchObject({ faulty: 0, without_run: 0 });
});

test("vectors of a receipt that nothing is known of stay, and stay named", async () => {
  await doctor(lines, (store) => store.upsert([{ delta: deltaOf(4, "run-4", ["a"]), from: 0, to: 1 }]));
  const { findings } = await verified(lines);
  expect(await repaired(findings)).toMatchObject({ redriven: 0 });
  expect(await verified(lines)).toMatchObject({ unknown: 1, faulty: 1 });
});

test("after the number of shards was changed, the new shards are filled from the stored deltas", async () => {
  const rigs = (["lines-1of2", "lines-2of2", "words-1of2", "words-2of2"] as const).map((shard) =>
    lines.beside(shard),
  );
  const findings: Finding[] = [];
  for (const rig of rigs) findings.push(...(await verified(rig)).findings);
  expect(new Set(findings.map(({ receipt }) => receipt))).toEqual(
    new Set([receiptKey(milk), receiptKey(tea)]),
  );
  expect(findings).toHaveLength(4);
  await repaired(findings, rigs);
  const shards = new Map<string, number>();
  for (const rig of rigs) {
    const report = await verified(rig);
    expect(report).toMatchObject({ faulty: 0, on_their_way: 0 });
    shards.set(rig.shard, report.vectors);
  }
  const due = new Map(rigs.map(({ shard }) => [shard as string, 0]));
  for (const delta of [milk, milkWords, tea, teaWords]) {
    const shard = shardOf(delta.collection, delta.imageId, 2);
    due.set(shard, (due.get(shard) ?? 0) + delta.ids.length);
  }
  expect(shards).toEqual(due);
});
