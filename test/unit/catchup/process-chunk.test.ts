import { encodeVectors } from "../../../core/catchup/chunks/stored-vectors.ts";
import { ChunkRig } from "./chunk-rig.ts";
import { Crash } from "./crashes.ts";

const header = "id,formatted_text,created_at,record_type,cursed\n";
/** Rows of every fate: good ones in two namespaces, equal texts, one twice, and one for each that can refuse it. */
const mixed = [
  "1,alpha,2024-03-01,,",
  "2,beta,2024-03-01,orders,",
  "3,alpha,2024-03-02,,",
  "4,poison,2024-03-01,,",
  "5,gamma,2024-03-01,,true",
  ",delta,2024-03-01,,",
  "7,epsilon,2020-01-01,,",
  "8,first,2024-03-01,,",
  "8,second,2024-03-01,,",
  "9,zeta,2024-03-01",
].join("\n");
const mixedCsv = header + mixed;
const mixedCounts = { processed: 4, failed: 4, filtered: 1, duplicates: 1, unchanged: 0, cached: 0 };
const mixedTexts = { "orders/12.2": "beta", "v2/12.1": "alpha", "v2/12.3": "alpha", "v2/12.8": "second" };

let rig: ChunkRig;

beforeEach(() => {
  rig = new ChunkRig();
});

test("every row is processed, failed or filtered, and the failed ones say why, in the order of the rows (F20)", async () => {
  const work = await rig.workOf(mixedCsv);
  expect(await rig.process(work)).toMatchObject(mixedCounts);
  expect(rig.failed(work).map(({ row, reason }) => [row, reason])).toEqual([
    [4, "refused_by_model"],
    [5, "refused_by_index"],
    [6, "id_blank"],
    [10, "columns_disagree"],
  ]);
  expect(rig.index.texts).toEqual(mixedTexts);
});

test("a chunk reads its own bytes once, and no other", async () => {
  const work = await rig.workOf(mixedCsv);
  await rig.process(work);
  const { key, first, last } = work.chunk;
  expect(rig.source.ranges).toEqual([`${key} ${first}-${last}`]);
});

test("a chunk that is delivered again gives the same counts, pays nothing and writes nothing (F12)", async () => {
  const work = await rig.workOf(mixedCsv);
  const first = await rig.process(work);
  const paid = [...rig.embedder.paid];
  rig.crashes.calls.length = 0;
  expect(await rig.process(work)).toEqual(first);
  expect(rig.embedder.paid).toEqual(paid);
  expect(rig.crashes.calls.map((name) => name.split(" ")[0])).toEqual(["read"]);
});

describe.each([false, true])("with incremental %s, a process that dies", (incremental) => {
  test.each(["before", "after"] as const)(
    "%s any call leaves a chunk whose next attempt ends with the same totals and every row once",
    async (when) => {
      const quiet = await rig.workOf(mixedCsv, { incremental });
      const before = rig.crashes.calls.length;
      const expected = await rig.process(quiet);
      const calls = rig.crashes.calls.length - before;
      expect(calls).toBeGreaterThan(8);
      for (let at = 1; at <= calls; at += 1) {
        const own = new ChunkRig();
        const work = await own.workOf(mixedCsv, { incremental });
        own.crashes.arm(at, when);
        await expect(own.process(work)).rejects.toThrow(Crash);
        own.crashes.disarm();
        expect(await own.process(work)).toEqual(expected);
        expect(own.index.texts).toEqual(mixedTexts);
        expect(own.failed(work)).toEqual(rig.failed(quiet));
      }
    },
  );

  test("after its vectors are stored never pays for one again (F12)", async () => {
    const work = await rig.workOf(`${header}1,alpha,2024-03-01,,\n2,beta,2024-03-01,,\n`, { incremental });
    const stored = (name: string) => name.startsWith("write vectors/");
    await rig.process(work);
    const at = rig.crashes.calls.findIndex(stored) + 1;
    for (let crash = at; crash <= rig.crashes.calls.length; crash += 1) {
      const own = new ChunkRig();
      const again = await own.workOf(`${header}1,alpha,2024-03-01,,\n2,beta,2024-03-01,,\n`, { incremental });
      own.crashes.arm(crash - own.crashes.calls.length, "after");
      await expect(own.process(again)).rejects.toThrow(Crash);
      own.crashes.disarm();
      await own.process(again);
      expect(own.embedder.paid.toSorted()).toEqual(["alpha", "beta"]);
    }
  });
});

describe("incremental", () => {
  const rows = (...texts: string[]) =>
    header + texts.map((text, n) => `${n},${text},2024-03-01,,\n`).join("");

  test("skips rows that the index holds as they are, pays for the others only, and counts both as processed", async () => {
    await rig.process(await rig.workOf(rows("one", "two", "three"), { incremental: true }));
    const paid = rig.embedder.paid.length;
    const later = await rig.workOf(rows("one", "TWO", "three", "four"), { incremental: true });
    expect(await rig.process(later)).toMatchObject({ processed: 4, failed: 0, duplicates: 0, unchanged: 2 });
    expect(rig.embedder.paid.slice(paid).toSorted()).toEqual(["TWO", "four"]);
  });

  test("sees a change of metadata alone", async () => {
    await rig.process(await rig.workOf(rows("one"), { incremental: true }));
    const changed = `${header}0,one,2024-03-02,,\n`;
    const counts = await rig.process(await rig.workOf(changed, { incremental: true }));
    expect(counts.unchanged).toBe(0);
    expect(rig.index.vectors.get("v2/12.0")?.metadata.created_at).toBe("2024-03-02");
  });

  test("leaves the last of several rows of an id in the index, also where it was there already", async () => {
    const twice = `${header}8,old,2024-03-01,,\n8,new,2024-03-01,,\n`;
    await rig.process(await rig.workOf(twice, { incremental: true }));
    const again = await rig.process(await rig.workOf(twice, { incremental: true }));
    expect(again).toMatchObject({ processed: 1, duplicates: 1, unchanged: 1 });
    expect(rig.index.texts).toEqual({ "v2/12.8": "new" });
  });
});

test("F28: a later row of an id that the model refuses fails, and no older one goes in for it", async () => {
  const work = await rig.workOf(`${header}8,good,2024-03-01,,\n8,poison,2024-03-01,,\n`);
  expect(await rig.process(work)).toMatchObject({ processed: 0, failed: 1, duplicates: 1 });
  expect(rig.index.texts).toEqual({});
});

test("a dry run counts rows and exact tokens, and neither embeds nor writes a vector", async () => {
  const work = await rig.workOf(`${header}1,hello world,,,\n2,hello world,,,\n,x,,,\n`, {
    dry_run: true,
    date_column: "none",
  });
  expect(await rig.process(work)).toEqual({
    processed: 2,
    failed: 1,
    filtered: 0,
    duplicates: 0,
    unchanged: 0,
    cached: 0,
    tokens: 2,
  });
  expect([rig.embedder.requests, rig.index.requests]).toEqual([[], []]);
  expect(rig.work.keys("vectors/")).toEqual([]);
});

test("a source that was replaced since its plan is not read", async () => {
  const work = await rig.workOf(`${header}1,a,2024-03-01,,\n`);
  rig.source.put(work.chunk.key, `${header}2,b,2024-03-01,,\n`);
  await expect(rig.process(work)).rejects.toMatchObject({ name: "SourceChangedError" });
  expect(rig.work.keys("results/")).toEqual([]);
});

test("failed records of an attempt that found more of them do not outlive it", async () => {
  const work = await rig.workOf(`${header}1,a,2024-03-01,,\n`);
  rig.work.put(`failed/${work.taskId}/000000.ndjson`, "of an earlier attempt\n");
  await rig.process(work);
  expect(rig.work.keys("failed/")).toEqual([]);
});

describe("with the embedding cache", () => {
  test("a second task over the same texts pays nothing, in any order and in another namespace", async () => {
    const first = await rig.process(
      await rig.workOf(`${header}1,alpha,2024-03-01,,\n2,beta,2024-03-01,,\n3,gamma,2024-03-01,,\n`),
    );
    expect([first.cached, first.tokens > 0]).toEqual([0, true]);
    const paid = [...rig.embedder.paid];
    rig.cache = rig.newCache();
    const csv = `${header}8,gamma,2024-03-01,other,\n9,alpha,2024-03-01,other,\n`;
    expect(await rig.process(await rig.workOf(csv))).toMatchObject({ processed: 2, cached: 2, tokens: 0 });
    expect(rig.embedder.paid).toEqual(paid);
    expect(rig.index.texts).toMatchObject({ "other/12.8": "gamma", "other/12.9": "alpha" });
    expect(rig.index.vectors.get("other/12.9")?.vector).toEqual(rig.index.vectors.get("v2/12.1")?.vector);
  });

  test("only the texts that it does not have are paid for", async () => {
    await rig.process(await rig.workOf(`${header}1,alpha,2024-03-01,,\n`));
    const work = await rig.workOf(
      `${header}1,alpha,2024-03-01,,\n2,beta,2024-03-01,,\n3,beta,2024-03-01,,\n`,
    );
    expect(await rig.process(work)).toMatchObject({ processed: 3, cached: 1 });
    expect(rig.embedder.paid).toEqual(["alpha", "beta"]);
  });

  test("F67: after a death at any call, the next task over the texts still pays nothing", async () => {
    const csv = `${header}1,alpha,2024-03-01,,\n2,beta,2024-03-01,,\n`;
    const quiet = await rig.workOf(csv);
    const before = rig.crashes.calls.length;
    await rig.process(quiet);
    const calls = rig.crashes.calls.length - before;
    for (let at = 1; at <= calls; at += 1) {
      const own = new ChunkRig();
      const work = await own.workOf(csv);
      own.crashes.arm(at, "before");
      await own.process(work).catch(() => undefined);
      own.crashes.disarm();
      own.cache = own.newCache();
      await own.process(work);
      const paid = own.embedder.paid.length;
      await own.process(await own.workOf(csv));
      expect(own.embedder.paid).toHaveLength(paid);
      expect(own.index.texts).toEqual({ "v2/12.1": "alpha", "v2/12.2": "beta" });
    }
  });

  test("vectors that another lane has stored are kept for later tasks", async () => {
    const csv = `${header}1,alpha,2024-03-01,,\n`;
    const work = await rig.workOf(csv);
    const [vector] = await rig.embedder.embed(["alpha"]);
    const stored = encodeVectors(new Map([["alpha", vector as Uint8Array]]), rig.embedder);
    rig.work.put(`vectors/${work.taskId}/000000`, stored);
    await rig.process(work);
    await rig.process(await rig.workOf(csv));
    expect(rig.embedder.paid).toEqual(["alpha"]);
  });

  test("a dry run neither reads nor writes it", async () => {
    await rig.process(await rig.workOf(`${header}1,alpha,2024-03-01,,\n`, { dry_run: true }));
    expect(rig.cached.keys("")).toEqual([]);
  });
});
