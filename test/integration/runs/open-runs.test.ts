import { randomUUID } from "node:crypto";
import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { collectionOf } from "../../../contract/collections.ts";
import { holdsShardKey } from "../../../core/documents/shards.ts";
import { receiptKey } from "../../../core/receipts/receipt.ts";
import { noCurrent } from "../../../core/runs/current-run.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { knownDocuments } from "../../../core/runs/known-documents.ts";
import type { OpenRun } from "../../../core/runs/open-run.ts";
import { OpenRuns } from "../../../core/runs/open-runs.ts";
import { openKey } from "../../../core/runs/run-item.ts";
import type { RunRef } from "../../../core/runs/run-store.ts";
import { ItemUnreadableError } from "../../../core/unreadable-item.ts";
import { Tables } from "../../unit/runs/tables.ts";

const createdAt = "2026-11-25T10:00:00.000Z";
const now = "2026-11-25T11:00:00.000Z";

let tables: Tables;
let openRuns: OpenRuns;
let unreadable: ItemUnreadableError[];
beforeEach(async () => {
  tables = await Tables.start();
  openRuns = new OpenRuns(tables.client, tables.controlTable);
  unreadable = [];
});
afterEach(() => tables.stop());

const newRef = (): RunRef => ({ imageId: randomUUID(), receiptId: 1, runId: randomUUID() });

async function all(): Promise<OpenRun[]> {
  const entries: OpenRun[] = [];
  for await (const page of openRuns.pages((reason) => unreadable.push(reason))) entries.push(...page);
  return entries;
}

async function listed(attempt = 1): Promise<OpenRun> {
  const ref = newRef();
  await openRuns.list(ref, createdAt, attempt);
  const entry = (await all()).find(({ runId }) => runId === ref.runId);
  if (entry === undefined) throw new Error("The run was listed.");
  return entry;
}

const entryOf = async ({ runId }: RunRef) => (await all()).find((entry) => entry.runId === runId);

describe("the list of open runs", () => {
  test("has every run that is listed, in whichever partition, with what was listed of it", async () => {
    const refs = Array.from({ length: 40 }, newRef);
    for (const ref of refs) await openRuns.list(ref, createdAt, 3);
    const entries = await all();
    expect(entries.map(({ runId }) => runId).sort()).toEqual(refs.map(({ runId }) => runId).sort());
    for (const entry of entries)
      expect(entry).toMatchObject({ createdAt, attempt: 3, redrives: 0, sent: 0, receiptId: 1 });
    expect(new Set((await tables.items(tables.controlTable)).map(({ PK }) => PK)).size).toBeGreaterThan(4);
  });

  test("keeps the entry of the later attempt", async () => {
    const entry = await listed(2);
    await openRuns.list(entry, createdAt, 1);
    expect((await entryOf(entry))?.attempt).toBe(2);
    await openRuns.list(entry, createdAt, 3);
    expect((await entryOf(entry))?.attempt).toBe(3);
  });

  test("is not cleared of a run that was opened again since", async () => {
    const entry = await listed(2);
    await openRuns.unlist(entry.runId, createdAt, 1);
    expect(await entryOf(entry)).toBeDefined();
    await openRuns.unlist(entry.runId, createdAt, 2);
    expect(await entryOf(entry)).toBeUndefined();
  });

  test("F26: reports an entry that cannot be read, and gives all others", async () => {
    const entry = await listed();
    const key = openKey("broken", createdAt);
    await tables.client.send(new PutCommand({ TableName: tables.controlTable, Item: { ...key } }));
    expect((await all()).map(({ runId }) => runId)).toEqual([entry.runId]);
    expect(unreadable).toEqual([expect.any(ItemUnreadableError)]);
  });

  test("counts those that are not given up, and no further than it is asked", async () => {
    expect(await openRuns.count(10)).toBe(0);
    for (let number = 0; number < 12; number += 1) await listed();
    const given = await listed();
    await openRuns.giveUp(given, "why", now);
    expect(await openRuns.count(100)).toBe(12);
    expect(await openRuns.count(12)).toBe(12);
    const more = await openRuns.count(4);
    expect(more).toBeGreaterThan(4);
    expect(more).toBeLessThan(12);
  });

  test("counts what comes behind those that were given up, which take up its pages", async () => {
    const partition = openKey("0", createdAt).PK;
    const ids = Array.from({ length: 200 }, (_, n) => `${n}`).filter(
      (id) => openKey(id, createdAt).PK === partition,
    );
    const entries: OpenRun[] = [];
    for (const [at, runId] of ids.slice(0, 4).entries()) {
      const ref = { ...newRef(), runId };
      await openRuns.list(ref, `2026-11-25T10:00:0${at}.000Z`, 1);
      entries.push(...(await all()).filter((entry) => entry.runId === runId));
    }
    for (const entry of entries.slice(0, 3)) expect(await openRuns.giveUp(entry, "why", now)).toBe(true);
    expect(await openRuns.count(0)).toBe(1);
  });
});

describe("a redrive", () => {
  const claimOf = (entry: OpenRun, time = 1) => openRuns.claim(entry, { attempt: entry.attempt, time, now });

  test("is claimed by one of those that saw the same entry, and marked once it is sent", async () => {
    const entry = await listed();
    const claims = await Promise.all([claimOf(entry), claimOf(entry), claimOf(entry)]);
    const [claimed, ...others] = claims.filter((one) => one !== undefined);
    expect(others).toEqual([]);
    expect(claimed).toMatchObject({ attempt: 1, redrives: 1, sweptAt: now, sent: 0 });
    if (claimed === undefined) return;
    expect(await entryOf(entry)).toEqual(claimed);
    await openRuns.markSent(claimed);
    expect(await entryOf(entry)).toEqual({ ...claimed, sent: 1 });
    expect(await openRuns.claim(claimed, { attempt: 1, time: 2, now: createdAt })).toMatchObject({
      redrives: 2,
    });
    expect(await claimOf(claimed, 2)).toBeUndefined();
  });

  test("is not claimed of an entry that is gone, at another attempt or given up", async () => {
    const gone = await listed();
    await openRuns.unlist(gone.runId, createdAt, 1);
    const reopened = await listed();
    await openRuns.list(reopened, createdAt, 2);
    const given = await listed();
    expect(await openRuns.giveUp(given, "why", now)).toBe(true);
    for (const entry of [gone, reopened, given]) {
      expect(await claimOf(entry)).toBeUndefined();
      expect(await openRuns.giveUp(entry, "again", createdAt)).toBe(false);
    }
    expect(await entryOf(gone)).toBeUndefined();
    expect((await entryOf(given))?.givenUpAt).toBe(now);
    const items = await tables.items(tables.controlTable);
    expect(items.find(({ run_id }) => run_id === given.runId)).toMatchObject({ reason: "why" });
  });
});

describe("giving up a run", () => {
  async function opened() {
    const runs = new DynamoRunStore(tables);
    const ref = newRef();
    await runs.open({ ...ref, rejectedRows: 0, deltaPrefixes: { lines: "l", words: "w" } });
    const find = async () => {
      const run = await runs.find(ref);
      if (run === undefined) throw new Error("The run was opened.");
      return run;
    };
    return { runs, ref, find };
  }

  test("fails what is not completed with its reason, and keeps its holder", async () => {
    const { runs, ref, find } = await opened();
    await runs.start(ref, "lines-1of2", 7);
    await runs.start(ref, "words", 8);
    await runs.complete(ref, "words", 8, 1);
    expect(await runs.giveUp(await find(), "too often")).toBe(true);
    const { lines, words } = (await find()).halves;
    expect(lines).toMatchObject({ state: "FAILED", error: "too often", token: 7, shard: "lines-1of2" });
    expect(words.state).toBe("COMPLETED");
    expect(await runs.complete(ref, "lines-1of2", 7, 1)).toBe("moved");
  });

  test("fails one that nobody has started", async () => {
    const { runs, find } = await opened();
    expect(await runs.giveUp(await find(), "too often")).toBe(true);
    const { lines, words } = (await find()).halves;
    expect([lines.state, words.state]).toEqual(["FAILED", "FAILED"]);
  });

  test("says so where one of its halves has moved since it was read", async () => {
    const { runs, ref, find } = await opened();
    const pending = await find();
    await runs.start(ref, "lines", 7);
    expect(await runs.giveUp(pending, "late")).toBe(false);
    expect((await find()).halves).toMatchObject({
      lines: { state: "PROCESSING" },
      words: { state: "FAILED" },
    });
  });

  test("does nothing to one that has moved since it was read", async () => {
    const { runs, ref, find } = await opened();
    const pending = await find();
    await runs.start(ref, "lines", 7);
    await runs.start(ref, "words", 7);
    const started = await find();
    expect(await runs.giveUp(pending, "late")).toBe(false);
    await runs.start(ref, "lines", 8);
    await runs.start(ref, "words-1of2", 7);
    expect(await runs.giveUp(started, "late")).toBe(false);
    const again = await find();
    expect([again.halves.lines.state, again.halves.words.state]).toEqual(["PROCESSING", "PROCESSING"]);
    await runs.reopen(ref, 2);
    expect(await runs.giveUp(again, "late")).toBe(false);
    expect((await find()).halves.lines.state).toBe("PENDING");
  });
});

test("the documents that a shard knows are those with a CURRENT item that it holds", async () => {
  const runs = new DynamoRunStore(tables);
  const documents = Array.from({ length: 20 }, newRef).map(({ imageId, receiptId }) => ({
    imageId,
    receiptId,
  }));
  for (const document of documents) await runs.moveCurrent(document, undefined, noCurrent);
  await listed();
  await tables.client.send(
    new UpdateCommand({ TableName: tables.controlTable, Key: { PK: "COLLECTION#lines", SK: "CURRENT" } }),
  );
  for (const shard of ["lines", "lines-1of2", "words-2of2"] as const) {
    const known: string[] = [];
    for await (const page of knownDocuments(tables, shard)) known.push(...page);
    const due = documents.filter(
      ({ imageId }) => shard === collectionOf(shard) || holdsShardKey(shard, imageId),
    );
    expect(known.sort()).toEqual(due.map(receiptKey).sort());
  }
});
