import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { GenerationCorruptError } from "../../../core/collections/generations/generation-reader.ts";
import { CollectionOfOtherModelError } from "../../../core/collections/generations/other-model-error.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import type { ReceiptFacts } from "../../../core/entities/receipt-facts.ts";
import { receiptKey } from "../../../core/receipts/receipt.ts";
import { afterRemovals } from "../../../core/runs/current-run.ts";
import { currentKey, runKey } from "../../../core/runs/run-item.ts";
import { joined, type ShardReport } from "../../../core/verify/report.ts";
import { TimeTooShortError, verifyShard } from "../../../core/verify/verify-shard.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, imageId, model, wordDeltaOf } from "../../unit/collections/sample-deltas.ts";
import { hastyClock } from "../../unit/resilience/clocks.ts";
import { doctor, verified, verifyDeps } from "./verified.ts";

jest.setTimeout(60_000);

const milk = deltaOf(1, "run-1", ["milk", "bread", "total"]);
const tea = deltaOf(2, "run-2", ["tea", "cake"]);
const key = receiptKey(milk);
const [first = "", second = ""] = milk.ids;

let rig: CompactionRig;

async function cycle(): Promise<void> {
  await rig.invoke(await rig.process());
}

/** The rig's shard with both receipts published. */
beforeEach(async () => {
  rig = await CompactionRig.start();
  await rig.embed(milk);
  await rig.embed(tea);
  await cycle();
});
afterEach(() => rig.stop());

const clean = { missing: 0, extra: 0, stale: 0, unknown: 0, without_run: 0, without_delta: 0, failed: 0 };

describe("a shard that is current", () => {
  test("is clean, and nothing is waited for", async () => {
    const backlog = jest.fn();
    expect(await verified(rig, { backlog })).toMatchObject({
      ...clean,
      shard: "lines",
      generation: await rig.head(),
      receipts: 2,
      vectors: 5,
      on_their_way: 0,
      faulty: 0,
      findings: [],
    });
    expect(backlog).not.toHaveBeenCalled();
  });

  test("is clean to the numbers of its vectors", async () => {
    expect(await verified(rig, {}, true)).toMatchObject({ ...clean, numbers: true, faulty: 0 });
  });

  test("is clean with all that is known of merchants and labels, and without a line that was removed", async () => {
    const words = rig.beside("words");
    const process = await words.process();
    const { label, line, metadata } = itemsOf(3);
    await words.embed(wordDeltaOf(3, "run-3", [["milk", "1.20"], ["bread"]]));
    await words.invoke(process);
    await words.put(line(2));
    words.announce([
      await words.put(label(1, 1, "TOTAL"), { validation_status: "VALID" }),
      await words.put(metadata, { merchant_name: "Shop", place_id: "p" }),
    ]);
    await words.invoke(process);
    words.announce([await words.remove(line(2))]);
    await words.invoke(process);
    // The rig brings runs of the other two receipts to their lines only.
    expect(await verified(words)).toMatchObject({ ...clean, vectors: 2, faulty: 0, on_their_way: 2 });
  });

  test("is clean with a receipt that has both forms of its merchant, and stale after a change of the one that is shown", async () => {
    const { metadata, place } = itemsOf(1);
    await rig.put(metadata, { merchant_name: "Shop", canonical_merchant_name: "SHOP" });
    rig.announce([await rig.put(place, { merchant_name: "Shop", formatted_address: "1 High Street" })]);
    await cycle();
    expect(await verified(rig)).toMatchObject({ ...clean, faulty: 0, on_their_way: 0 });
    await rig.put(metadata, { merchant_name: "Shop", canonical_merchant_name: "SHOP", address: "not shown" });
    expect(await verified(rig)).toMatchObject({ ...clean, faulty: 0, on_their_way: 0 });
    await rig.put(place, { merchant_name: "Not announced" });
    expect(await verified(rig)).toMatchObject({ ...clean, stale: 3, faulty: 1 });
  });

  test("is clean without a receipt that was removed", async () => {
    await rig.put(itemsOf(2).receipt);
    rig.announce([await rig.remove(itemsOf(2).receipt)]);
    await cycle();
    expect(await verified(rig)).toMatchObject({ ...clean, receipts: 1, vectors: 3, faulty: 0 });
  });

  test("is clean while nothing is published and nothing is due", async () => {
    expect(await verified(rig.beside("lines-1of2"))).toMatchObject({ generation: null, vectors: 0 });
  });
});

describe("what is wrong is found and named", () => {
  test("a vector that is missing", async () => {
    await doctor(rig, (store) => store.delete([second]));
    expect(await verified(rig)).toMatchObject({
      ...clean,
      vectors: 4,
      missing: 1,
      faulty: 1,
      findings: [{ receipt: key, fault: "differs", missing: 1, vectors: [`missing ${second}`] }],
    });
  });

  test("a vector that is one too many, and one of a line that was removed", async () => {
    await rig.put(itemsOf(2).line(1));
    rig.announce([await rig.remove(itemsOf(2).line(1))]);
    await cycle();
    const more = deltaOf(1, "run-1", ["milk", "bread", "total", "thanks"]);
    await doctor(rig, async (store) => {
      await store.upsert([
        { delta: more, from: 3, to: 4 },
        { delta: tea, from: 0, to: 1 },
      ]);
    });
    expect(await verified(rig)).toMatchObject({
      ...clean,
      extra: 2,
      findings: [
        { receipt: key, extra: 1, vectors: [`extra ${more.ids[3]}`] },
        { receipt: receiptKey(tea), extra: 1, vectors: [`extra ${tea.ids[0]}`] },
      ],
    });
  });

  test("all vectors of a receipt that was removed", async () => {
    await rig.put(itemsOf(2).receipt);
    rig.announce([await rig.remove(itemsOf(2).receipt)]);
    await cycle();
    await doctor(rig, (store) => store.upsert([{ delta: tea, from: 0, to: 2 }]));
    expect(await verified(rig)).toMatchObject({ receipts: 1, extra: 2, unknown: 0, faulty: 1 });
  });

  test.each([
    ["a position", { x: 0.25 }],
    ["a merchant that no item names", { merchant_name: "Nobody" }],
    ["a key that no item has", { colour: "red" }],
    ["a number that became a text", { line_id: "1" }],
  ])("metadata that differs in %s", async (_, change) => {
    await doctor(rig, (store) => store.updateMetadata(new Map([[first, change]])));
    expect(await verified(rig)).toMatchObject({
      ...clean,
      stale: 1,
      findings: [{ receipt: key, fault: "differs", vectors: [`stale metadata ${first}`] }],
    });
  });

  test("a document that differs", async () => {
    const other = deltaOf(1, "run-1", ["milk", "butter", "total"]);
    await doctor(rig, (store) => store.upsert([{ delta: other, from: 1, to: 2 }]));
    expect(await verified(rig)).toMatchObject({
      stale: 1,
      findings: [{ vectors: [`stale document ${second}`] }],
    });
  });

  test("an item that was changed behind the stream's back", async () => {
    await rig.put(itemsOf(1).metadata, { merchant_name: "Shop" });
    expect(await verified(rig)).toMatchObject({ ...clean, stale: 3, faulty: 1 });
  });

  test("numbers that differ, for who asks for them", async () => {
    const other = { ...milk, vectors: deltaOf(1, "run-1", ["tea", "bread", "total"]).vectors };
    await doctor(rig, (store) => store.upsert([{ delta: other, from: 0, to: 3 }]));
    expect(await verified(rig)).toMatchObject({ faulty: 0 });
    expect(await verified(rig, {}, true)).toMatchObject({
      ...clean,
      stale: 1,
      findings: [{ receipt: key, vectors: [`stale numbers ${first}`] }],
    });
  });

  test("vectors of a receipt that no CURRENT item knows, and of none at all", async () => {
    const stray = { ...deltaOf(3, "run-3", ["?"]), ids: ["stray"] };
    await doctor(rig, (store) =>
      store.upsert([
        { delta: deltaOf(4, "run-4", ["a", "b"]), from: 0, to: 2 },
        { delta: stray, from: 0, to: 1 },
      ]),
    );
    expect(await verified(rig)).toMatchObject({
      ...clean,
      unknown: 3,
      faulty: 2,
      findings: [
        { receipt: `IMAGE#${imageId(4)}#RECEIPT#00001`, fault: "unknown", extra: 2 },
        { receipt: "stray", fault: "unknown", extra: 1 },
      ],
    });
  });

  test("vectors of an image that another shard holds", async () => {
    const shards = (["lines-1of2", "lines-2of2"] as const).map((shard) => rig.beside(shard));
    for (const shard of shards) {
      await doctor(shard, (store) => store.upsert([{ delta: milk, from: 0, to: 3 }]));
    }
    const reports = await Promise.all(shards.map((shard) => verified(shard)));
    const misplaced = reports
      .flatMap(({ findings }) => findings)
      .filter(({ fault }) => fault === "misplaced");
    expect(misplaced).toMatchObject([{ receipt: key, extra: 3 }]);
  });

  test("everything, where a shard is new", async () => {
    const shards = (["lines-1of2", "lines-2of2"] as const).map((shard) => rig.beside(shard));
    const reports = await Promise.all(shards.map((shard) => verified(shard)));
    expect(reports.map(({ generation }) => generation)).toEqual([null, null]);
    expect(reports.reduce((sum, { missing }) => sum + missing, 0)).toBe(5);
  });
});

describe("a run", () => {
  const find = (words: Record<string, unknown>) => ({ ...clean, faulty: 1, ...words });

  test("F1: whose delta is gone or has a flipped bit is named, with what is wrong", async () => {
    const path = deltaKey(deltaPrefix(milk));
    const bytes = Buffer.from(rig.bucket.get(path) ?? "");
    rig.bucket.delete(path);
    const why = expect.stringContaining(path);
    const finding = { receipt: key, fault: "without_delta", why };
    expect(await verified(rig)).toMatchObject(find({ without_delta: 1, findings: [finding] }));
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    rig.bucket.set(path, bytes);
    expect(await verified(rig)).toMatchObject(find({ without_delta: 1, findings: [finding] }));
  });

  test("that CURRENT names and the receipts table does not have is named", async () => {
    const { client, receiptsTable } = rig.tables;
    await client.send(new DeleteCommand({ TableName: receiptsTable, Key: { ...runKey(milk) } }));
    expect(await verified(rig)).toMatchObject(find({ without_run: 1, findings: [{ fault: "without_run" }] }));
  });

  test.each(["CURRENT", "the run"])(
    "F26: whose item (%s) cannot be read is named, and the others are compared",
    async (which) => {
      const { client, receiptsTable, controlTable } = rig.tables;
      await client.send(
        new UpdateCommand({
          TableName: which === "CURRENT" ? controlTable : receiptsTable,
          Key: { ...(which === "CURRENT" ? currentKey(milk) : runKey(milk)) },
          UpdateExpression: "SET attempt = :x, attempts = :x",
          ExpressionAttributeValues: { ":x": "two" },
        }),
      );
      const finding = { receipt: key, fault: "without_run", why: expect.stringContaining("cannot be read") };
      expect(await verified(rig)).toMatchObject(find({ without_run: 1, receipts: 2, findings: [finding] }));
    },
  );

  test("that embed may still put is in flight", async () => {
    const delta = deltaOf(3, "run-3", ["rice"]);
    await rig.embed(delta, Date.now());
    const { client, receiptsTable } = rig.tables;
    await client.send(new DeleteCommand({ TableName: receiptsTable, Key: { ...runKey(delta) } }));
    expect(await verified(rig)).toMatchObject({ ...clean, faulty: 0, on_their_way: 1 });
  });

  test("that is open is in flight, whatever the shard shows of its receipt", async () => {
    await doctor(rig, (store) => store.delete([first]));
    await rig.embed(deltaOf(1, "run-3", ["rice"]));
    expect(await verified(rig)).toMatchObject({
      ...clean,
      receipts: 2,
      faulty: 0,
      on_their_way: 1,
      waiting: [`${key}: its run is PENDING`],
    });
  });

  test("that is behind the attempt of CURRENT is in flight", async () => {
    await doctor(rig, (store) => store.delete([first]));
    const current = await rig.runs.current(milk);
    if (current) await rig.runs.moveCurrent(milk, current, { ...current, attempt: 2 });
    expect(await verified(rig)).toMatchObject({ ...clean, faulty: 0, on_their_way: 1 });
  });

  test("that compaction gave up is named, with its reason", async () => {
    await rig.runs.reopen(milk, 2);
    await rig.runs.start(milk, "lines", 99);
    await rig.runs.fail(milk, "lines", 99, "the store refused it");
    expect(await verified(rig)).toMatchObject(
      find({ failed: 1, findings: [{ fault: "failed", why: "the store refused it" }] }),
    );
  });
});

describe("on a living system", () => {
  test("what is published while the shard is read is no finding", async () => {
    let published: Promise<void> | undefined;
    const factsOf = async (...asked: Parameters<typeof rig.items.factsOf>): Promise<ReceiptFacts> => {
      published ??= rig
        .put(itemsOf(1).metadata, { merchant_name: "Shop" })
        .then((record) => rig.announce([record]))
        .then(cycle);
      await published;
      return rig.items.factsOf(...asked);
    };
    const before = await rig.head();
    const report = await verified(rig, { items: { factsOf } });
    expect(report).toMatchObject({ ...clean, faulty: 0, on_their_way: 0 });
    expect([report.generation === before, report.generation]).toEqual([false, await rig.head()]);
  });

  test("a change whose message waits is no finding, and is one when no message comes", async () => {
    rig.announce([await rig.put(itemsOf(1).metadata, { merchant_name: "Shop" })]);
    const waiting = [`${key}: messages are still queued, and one may concern it`];
    expect(await verified(rig)).toMatchObject({ ...clean, faulty: 0, on_their_way: 1, waiting });
    for (const { messageId } of rig.sqs.deliver(rig.queues.queue)) {
      rig.sqs.at(rig.queues.queue).delete(messageId);
    }
    expect(await verified(rig)).toMatchObject({ stale: 3, faulty: 1, on_their_way: 0 });
  });

  test("a running cycle is waited for", async () => {
    rig.announce([await rig.put(itemsOf(1).metadata, { merchant_name: "Shop" })]);
    const process = await rig.process();
    let invoked: Promise<unknown> | undefined;
    const { backlog } = await verifyDeps(rig);
    const report = await verified(rig, {
      backlog: async () => {
        invoked ??= rig.invoke(process);
        await invoked;
        return backlog();
      },
    });
    expect(report).toMatchObject({ ...clean, faulty: 0, on_their_way: 0 });
  });

  test("a receipt that changes between the two reads is no finding", async () => {
    await rig.put(itemsOf(1).metadata, { merchant_name: "Shop" });
    const backlog = async () => {
      await rig.put(itemsOf(1).metadata, { merchant_name: "Shop & Son" });
      return { waiting: 0, inFlight: 0 };
    };
    const waiting = [`${key}: it changed during the comparison`];
    expect(await verified(rig, { backlog })).toMatchObject({ ...clean, faulty: 0, on_their_way: 1, waiting });
  });

  test("what cannot be in flight is a finding although messages wait", async () => {
    rig.announce([await rig.put(itemsOf(2).metadata, { merchant_name: "Shop" })]);
    rig.bucket.delete(deltaKey(deltaPrefix(milk)));
    await doctor(rig, (store) => store.upsert([{ delta: deltaOf(4, "run-4", ["a"]), from: 0, to: 1 }]));
    expect(await verified(rig)).toMatchObject({ stale: 0, without_delta: 1, unknown: 1, on_their_way: 1 });
  });

  test("a generation that goes while it is copied gives way to the newer one", async () => {
    await rig.foldNow();
    const old = await rig.head();
    await rig.embed(deltaOf(3, "run-3", ["rice"]));
    await cycle();
    await rig.foldNow();
    await appendFile(join(rig.generations.pathOf(old ?? ""), "chroma/chroma.sqlite3"), "x");
    const client = firstHeadRead(rig.tables.client, old ?? "");
    const control = { client, controlTable: rig.tables.controlTable };
    expect(await verified(rig, { control })).toMatchObject({ generation: await rig.head(), faulty: 0 });
  });
});

describe("a shard that cannot be compared", () => {
  test("is refused where the newest generation is corrupt", async () => {
    await rig.foldNow();
    await appendFile(join(rig.generations.pathOf((await rig.head()) ?? ""), "chroma/chroma.sqlite3"), "x");
    await expect(verified(rig)).rejects.toThrow(GenerationCorruptError);
  });

  test("is refused where it is of another model than the stack", async () => {
    const target = { collection: "lines", model, dimensions: 16 } as const;
    await expect(verified(rig, { target })).rejects.toThrow(CollectionOfOtherModelError);
  });
});

describe("a shard of which the time allows only a part", () => {
  /** Time passes with every receipt's items. */
  async function inParts(receiptTakesMs: number) {
    const reports: ShardReport[] = [];
    for (let after: string | undefined; reports.length < 10; ) {
      const clock = hastyClock();
      const factsOf = async (...asked: Parameters<typeof rig.items.factsOf>) => {
        await clock.sleep(receiptTakesMs);
        return rig.items.factsOf(...asked);
      };
      const ports = await verifyDeps(rig, { clock, items: { factsOf } });
      const limits = { settleMs: 5_000, deadline: clock.now() + 1_000_000 };
      const report = await verifyShard(ports, { numbers: false, after, ...limits });
      reports.push(report);
      if (report.next === null) break;
      after = report.next;
    }
    return reports;
  }

  test("is looked at to its end in several, and all of them together say what one would", async () => {
    for (let image = 3; image <= 260; image += 1) {
      const { imageId, receiptId } = deltaOf(image, "none", []);
      const removal = { part: "DOCUMENT", revision: 1 } as const;
      const to = afterRemovals(undefined, [removal], Date.now());
      if (to) await rig.runs.moveCurrent({ imageId, receiptId }, undefined, to);
    }
    await doctor(rig, async (store) => {
      await store.delete([second]);
      await store.upsert([
        { delta: deltaOf(150, "none", ["?"]), from: 0, to: 1 },
        { delta: deltaOf(300, "none", ["?", "!"]), from: 0, to: 2 },
      ]);
    });
    const parts = await inParts(180_000);
    expect(parts.length).toBeGreaterThan(1);
    const { seconds: _, ...together } = parts.reduce(joined);
    const { seconds: __, ...whole } = await verified(rig);
    expect(together).toEqual(whole);
    expect(whole).toMatchObject({ receipts: 2, vectors: 7, missing: 1, extra: 1, unknown: 2, faulty: 3 });
  });

  test("is never clean where there is no time for a second read", async () => {
    await doctor(rig, (store) => store.delete([second]));
    await expect(inParts(300_000)).rejects.toThrow(TimeTooShortError);
  });
});

/** A client that finds an older head, once. */
function firstHeadRead(client: DynamoDBDocumentClient, name: string): DynamoDBDocumentClient {
  let isFirst = true;
  const send = async (command: Parameters<typeof client.send>[0]) => {
    const answer = await client.send(command);
    if (!(command instanceof GetCommand) || command.input.Key?.SK !== "HEAD" || !isFirst) return answer;
    isFirst = false;
    return {
      ...answer,
      Item: { ...(answer as { Item?: object }).Item, head_name: name, head_generation: 1 },
    };
  };
  return new Proxy(client, {
    get: (target, property) => (property === "send" ? send : Reflect.get(target, property, target)),
  });
}
