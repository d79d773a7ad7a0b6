import fc from "fast-check";
import { type DeltaPart, UpsertRefusedError } from "../../../../core/collections/chroma/vector-store.ts";
import { applyDeltas } from "../../../../core/collections/merge/apply-deltas.ts";
import { maxVectors } from "../../../../core/collections/merge/delta-batches.ts";
import { documentModel } from "../../../../core/documents/documents.ts";
import { deltaOf } from "../sample-deltas.ts";
import { MemoryStore } from "./memory-store.ts";

/** A delta that Chroma refuses, because its vectors are of another dimension. */
function refusedDelta(image: number, texts: readonly string[]) {
  return { ...deltaOf(image, "refused", texts), dimensions: 4, vectors: new Uint8Array(16 * texts.length) };
}

/** A delta of one vector that fills an upsert on its own. */
function fillingDelta(image: number) {
  return { ...deltaOf(image, "run", ["milk"]), documents: [fillingText] };
}
const fillingText = "x".repeat(20 * 1024 * 1024);

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore();
});

const upserted = () =>
  store.callsOf("upsert").map(([parts]) => parts.flatMap(({ delta, from, to }) => delta.ids.slice(from, to)));
const texts = () => Object.fromEntries([...store.vectors].map(([id, { document }]) => [id, document]));

describe("applying deltas to a store", () => {
  const lines = fc.array(fc.constantFrom("milk", "bread", "tea"), { maxLength: 4 });
  const cycle = fc.uniqueArray(
    fc.record({
      image: fc.integer({ min: 1, max: 4 }),
      lines,
      isRefused: fc.constantFrom(false, false, true),
    }),
    { selector: ({ image }) => image },
  );

  test("F8: any series of them ends in the last contents that the store takes, and each reports its effect", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cycle, { maxLength: 5 }), async (cycles) => {
        store = new MemoryStore();
        let content = new Map<string, string>();
        for (const some of cycles) {
          const deltas = some.map((one) =>
            one.isRefused ? refusedDelta(one.image, one.lines) : deltaOf(one.image, "run", one.lines),
          );
          const isRefused = new Set(deltas.filter(({ runId, ids }) => runId === "refused" && ids.length > 0));
          const taken = deltas.filter((delta) => !isRefused.has(delta));
          const keys = new Set(taken.map(documentModel.keyOf));
          const next = new Map(
            taken.flatMap(({ ids, documents }) => ids.map((id, at) => [id, documents[at] ?? ""] as const)),
          );
          const before = new Map([...content].filter(([id]) => keys.has(documentModel.keyOfVector(id))));
          const applied = await applyDeltas(store, deltas);
          expect({
            ...applied,
            expected: applied.expected.toSorted(),
            removed: applied.removed.toSorted(),
          }).toEqual({
            before: content.size,
            expected: [...next.keys()].sort(),
            added: [...next.keys()].filter((id) => !before.has(id)).length,
            written: [...next].filter(([id, text]) => before.get(id) !== text).length,
            removed: [...before.keys()].filter((id) => !next.has(id)).sort(),
            replaced: new Set([...before.keys()].map(documentModel.keyOfVector)),
            refused: new Map([...isRefused].map((delta) => [delta, expect.stringContaining("dimension")])),
          });
          const others = [...content].filter(([id]) => !before.has(id));
          content = new Map([...others, ...next]);
          expect(texts()).toEqual(Object.fromEntries(content));
        }
      }),
    );
  });

  test("does not ask an empty store for ids, and upserts nothing that is stored already", async () => {
    const deltas = [deltaOf(1, "a", ["milk"]), deltaOf(2, "b", ["tea"])];
    await applyDeltas(store, deltas);
    expect(store.callsOf("idsOf")).toEqual([]);
    await applyDeltas(store, deltas);
    expect(upserted()).toEqual([deltas.flatMap(({ ids }) => ids)]);
  });

  test("deletes only after everything is stored", async () => {
    await applyDeltas(store, [deltaOf(1, "old", ["milk", "bread"])]);
    store.calls.length = 0;
    await applyDeltas(store, [deltaOf(1, "new", []), fillingDelta(2), fillingDelta(3)]);
    const changes = store.calls
      .map(([name]) => name)
      .filter((name) => name === "upsert" || name === "delete");
    expect(changes).toEqual(["upsert", "upsert", "delete"]);
  });

  test("cuts a delta that is larger than an upsert, and removes what it lacks only once", async () => {
    const [line] = deltaOf(1, "run", ["milk"]).ids;
    const long = Array.from({ length: maxVectors + 2 }, () => "milk");
    await applyDeltas(store, [deltaOf(1, "old", [...long, "bread"])]);
    const applied = await applyDeltas(store, [deltaOf(1, "new", ["tea", ...long.slice(1)])]);
    expect(applied).toMatchObject({ before: maxVectors + 3, added: 0, written: 1 });
    expect(applied.expected).toHaveLength(maxVectors + 2);
    expect(applied.removed).toHaveLength(1);
    expect(upserted().at(-1)).toEqual([line]);
  });

  test("prepares an upsert while the store processes the previous one, and goes no further", async () => {
    await applyDeltas(store, [deltaOf(9, "other", ["salt"])]);
    store.calls.length = 0;
    const steps: string[] = [];
    const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const upsert = async (parts: readonly DeltaPart[]) => {
      const at = store.callsOf("upsert").length;
      steps.push(`upsert ${at + 1}`);
      const stored = store.upsert(parts);
      await gates[at]?.promise;
      return stored;
    };
    async function* deltas() {
      for (const image of [1, 2, 3]) {
        steps.push(`read ${image}`);
        yield fillingDelta(image);
      }
    }
    const applying = applyDeltas(over(store, { upsert }), deltas());
    await settled();
    // A slice is known to be complete only at the delta that does not fit.
    expect(steps).toEqual(["read 1", "read 2", "upsert 1", "read 3", "upsert 2"]);
    gates[0]?.resolve();
    await settled();
    expect(steps.slice(5)).toEqual(["upsert 3"]);
    gates[1]?.resolve();
    gates[2]?.resolve();
    expect(await applying).toMatchObject({ added: 3, written: 3 });
  });

  test("F8: sends the deltas of a refused upsert one by one, but a single one not twice", async () => {
    const bad = refusedDelta(2, ["tea"]);
    const good = [deltaOf(1, "a", ["milk"]), deltaOf(3, "c", ["eggs"])];
    await applyDeltas(store, [good[0] ?? bad, bad, good[1] ?? bad]);
    expect(upserted()).toHaveLength(4);
    expect((await applyDeltas(store, [bad])).refused).toEqual(new Map([[bad, expect.any(String)]]));
    expect(upserted()).toHaveLength(5);
  });

  test("F8: a refusal of one upsert leaves those before and after it as they are", async () => {
    const bad = { ...refusedDelta(2, ["tea"]), documents: [fillingText] };
    const applied = await applyDeltas(store, [fillingDelta(1), bad, fillingDelta(3)]);
    expect([...applied.refused.keys()]).toEqual([bad]);
    expect(applied).toMatchObject({ added: 2, written: 2 });
    expect([...store.vectors.keys()]).toEqual(applied.expected);
  });

  test("F8: a refusal is handled while the next delta is still loading", async () => {
    const bad = { ...refusedDelta(1, ["tea"]), documents: [fillingText] };
    async function* deltas() {
      yield bad;
      yield fillingDelta(2);
      await settled();
      yield fillingDelta(3);
    }
    const applied = await applyDeltas(store, deltas());
    expect([...applied.refused.keys()]).toEqual([bad]);
    expect(applied.added).toBe(2);
  });

  test("a refusal of a part of a delta is thrown, because the other part may be stored", async () => {
    const long = Array.from({ length: maxVectors + 1 }, () => "milk");
    await expect(applyDeltas(store, [refusedDelta(1, long)])).rejects.toThrow(UpsertRefusedError);
    const parts: [string, (part: DeltaPart) => boolean][] = [
      ["its first part", ({ from }) => from === 0],
      ["its last part", ({ from }) => from > 0],
    ];
    for (const [name, isRefused] of parts) {
      store = new MemoryStore();
      const upsert = async (sent: readonly DeltaPart[]) => {
        if (sent.some(isRefused)) throw new UpsertRefusedError(name);
        await store.upsert(sent);
      };
      await expect(applyDeltas(over(store, { upsert }), [deltaOf(1, "run", long)])).rejects.toThrow(name);
    }
  });

  test("any other failure of the store is thrown, and nothing is deleted", async () => {
    await applyDeltas(store, [deltaOf(1, "old", ["milk", "bread"])]);
    store.calls.length = 0;
    const changes = [deltaOf(1, "new", ["tea"]), deltaOf(2, "new", ["tea"])];
    const upsert = jest
      .fn()
      .mockRejectedValueOnce(new Error("connection reset"))
      .mockResolvedValue(undefined);
    await expect(applyDeltas(over(store, { upsert }), changes)).rejects.toThrow("connection reset");
    expect(upsert).toHaveBeenCalledTimes(1);
    let calls = 0;
    const refusing = async () => {
      calls += 1;
      throw calls === 1 ? new UpsertRefusedError("one of them") : new Error("connection reset");
    };
    const oneByOne = applyDeltas(over(store, { upsert: refusing }), changes);
    await expect(oneByOne).rejects.toThrow("connection reset");
    expect(store.callsOf("delete")).toEqual([]);
  });
});

/** The store, with some of its methods replaced. */
function over(whole: MemoryStore, methods: Partial<MemoryStore>): MemoryStore {
  return new Proxy(whole, {
    get(target, name: keyof MemoryStore) {
      const own = methods[name] ?? target[name];
      return typeof own === "function" ? own.bind(target as never) : own;
    },
  });
}

/** Resolves once everything that can go on has done so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
