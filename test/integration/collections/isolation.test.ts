import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import type { DeltaPart, VectorStore } from "../../../core/collections/chroma/vector-store.ts";
import { CompactionRig, type RigDeps } from "../../unit/collections/compaction-rig.ts";
import { contentOf, deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const queued = () => rig.sqs.at(rig.queues.queue).messages;
const deadLetters = () => rig.sqs.at(rig.queues.deadLetters).messages;

/** Cycles until the queue is empty. */
async function compact(parts: RigDeps): Promise<void> {
  while (queued().length > 0) {
    await rig.invoke(parts).catch(() => undefined);
    rig.sqs.reveal(rig.queues.queue);
  }
}

/** The store's server dies of every upsert with one of these texts, as of a bug. */
function diesOf(parts: RigDeps, texts: readonly string[]): void {
  const open = parts.workspace.open.bind(parts.workspace);
  jest.spyOn(parts.workspace, "open").mockImplementation(async (name) => {
    const store = await open(name);
    const upsert = async (slice: readonly DeltaPart[]) => {
      const documents = slice.flatMap(({ delta, from, to }) => delta.documents.slice(from, to));
      if (!documents.some((text) => texts.includes(text))) return store.upsert(slice);
      await parts.workspace.close();
      throw new TypeError("fetch failed");
    };
    return Object.setPrototypeOf({ upsert }, bound(store)) as VectorStore;
  });
}

function bound(store: VectorStore): VectorStore {
  const names = Object.getOwnPropertyNames(ChromaVectorStore.prototype) as (keyof VectorStore)[];
  const methods = names.filter((name) => typeof store[name] === "function");
  return Object.fromEntries(
    methods.map((name) => [name, (store[name] as () => unknown).bind(store)]),
  ) as never;
}

const deltas = (count: number) =>
  Array.from({ length: count }, (_, n) => deltaOf(n, `run-${n}`, [`milk ${n}`, `bread ${n}`]));

describe("a delta of which the server of a base's writer dies", () => {
  test("F8: fails alone with its reason, and the others of its cycle are published by the same cycle", async () => {
    const all = deltas(9);
    for (const delta of all) await rig.embed(delta);
    const parts = await rig.process({ writesBases: true });
    diesOf(parts, ["bread 4"]);
    await rig.invoke(parts);
    const good = all.filter((_, n) => n !== 4);
    expect(await rig.published(all)).toEqual(contentOf(good));
    for (const delta of good) expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
    expect(await rig.stateOf(deltaOf(4, "run-4", []))).toMatchObject({
      state: "FAILED",
      failures: 1,
      error: expect.stringContaining("fetch failed"),
    });
    expect(queued()).toHaveLength(1);
  });

  test("F8: goes to the DLQ after it has failed among others often enough", async () => {
    const parts = await rig.process({ writesBases: true });
    diesOf(parts, ["bread 0"]);
    await rig.embed(deltaOf(0, "run-0", ["milk 0", "bread 0"]));
    for (let n = 1; n <= 3; n += 1) {
      await rig.embed(deltaOf(n, `run-${n}`, [`milk ${n}`]));
      await rig.invoke(parts);
      rig.sqs.reveal(rig.queues.queue);
    }
    expect(deadLetters()).toHaveLength(1);
    expect(queued()).toEqual([]);
    expect(rig.counted.get("MessagesDeadLettered")).toBe(1);
  });

  test("F13: what fails with every delta fails the cycle, and no message counts a failure", async () => {
    const all = deltas(6);
    for (const delta of all) await rig.embed(delta);
    const parts = await rig.process({ writesBases: true });
    diesOf(
      parts,
      all.flatMap(({ documents }) => documents),
    );
    await expect(rig.invoke(parts)).rejects.toThrow("fetch failed");
    for (const delta of all) expect(await rig.stateOf(delta)).toMatchObject({ failures: 0 });
    expect(await rig.head()).toBeUndefined();
    jest.restoreAllMocks();
    rig.sqs.reveal(rig.queues.queue);
    await compact(await rig.process({ writesBases: true }));
    expect(await rig.published(all)).toEqual(contentOf(all));
  });

  test("an unreadable delta beside it is counted once, however often the cycle is attempted", async () => {
    const all = deltas(5);
    for (const delta of all) await rig.embed(delta);
    for (const key of rig.bucket.keys()) if (key.includes("run-1")) rig.bucket.set(key, Buffer.from("cut"));
    const parts = await rig.process({ writesBases: true });
    diesOf(parts, ["milk 3"]);
    await rig.invoke(parts);
    for (const n of [1, 3]) {
      expect(await rig.stateOf(deltaOf(n, `run-${n}`, []))).toMatchObject({ state: "FAILED", failures: 1 });
    }
    expect(await rig.published(all)).toEqual(contentOf(all.filter((_, n) => n !== 1 && n !== 3)));
  });
});
