import fc from "fast-check";
import type { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import {
  type DeltaPart,
  UpsertRefusedError,
  type VectorStore,
} from "../../../core/collections/chroma/vector-store.ts";
import { type Applied, applyDeltas } from "../../../core/collections/merge/apply-deltas.ts";
import { CollectionDivergedError, verifyApplied } from "../../../core/collections/merge/verify-applied.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { sampled } from "../../faults/seeds.ts";
import { startChroma } from "../../unit/collections/chroma.ts";
import { contentOf, deltaOf, dimensions, vectorOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

let chroma: Awaited<ReturnType<typeof startChroma>>;
let store: ChromaVectorStore;
beforeEach(async () => {
  chroma = await startChroma();
  store = chroma.store;
});
afterEach(() => chroma.stop());

const nothingReconciled = { updated: new Map(), removed: [] };

/** The store, with some of its answers replaced. */
function changed(changes: Partial<VectorStore>): VectorStore {
  const methods = ["upsert", "delete", "count", "idsOf", "present", "read", "query"] as const;
  const whole = Object.fromEntries(methods.map((name) => [name, store[name].bind(store)]));
  return { ...whole, ...changes } as VectorStore;
}

async function apply(deltas: readonly Delta[], target: VectorStore = store): Promise<Applied> {
  const applied = await applyDeltas(target, deltas);
  await verifyApplied(store, "lines", applied, nothingReconciled);
  return applied;
}

async function contents(deltas: readonly Delta[]): Promise<Record<string, string>> {
  const stored = await store.read(await store.idsOf(deltas));
  return Object.fromEntries(stored.map(({ id, document }) => [id, document]));
}

describe("applying deltas", () => {
  test("stores ids, documents, metadata and vectors as the deltas have them", async () => {
    const deltas = [deltaOf(1, "a", ["milk", "Brötchen 🥖"]), deltaOf(2, "b", ["tea"])];
    expect(await apply(deltas)).toMatchObject({ before: 0, added: 3, written: 3, removed: [] });
    const stored = await store.read(deltas.flatMap(({ ids }) => ids));
    for (const delta of deltas) {
      for (const [index, id] of delta.ids.entries()) {
        const found = stored.find((vector) => vector.id === id);
        expect(found).toMatchObject({ document: delta.documents[index], metadata: delta.metadatas[index] });
        const expected = vectorOf(delta.documents[index] ?? "");
        for (const [axis, value] of [...(found?.vector ?? [])].entries())
          expect(value).toBeCloseTo(expected[axis] ?? 0, 5);
      }
    }
  });

  test("replaces a receipt: what its delta lacks goes, other receipts stay", async () => {
    const other = deltaOf(2, "other", ["tea", "cake"]);
    await apply([deltaOf(1, "old", ["milk", "bread", "eggs"]), other]);
    const next = deltaOf(1, "new", ["milk", "butter"]);
    expect(await apply([next])).toMatchObject({
      before: 5,
      added: 0,
      written: 1,
      removed: [expect.stringContaining("#LINE#00003")],
    });
    expect(await contents([next, other])).toEqual(contentOf([next, other]));
  });

  test("a delta without vectors empties its receipt", async () => {
    await apply([deltaOf(1, "old", ["milk"]), deltaOf(2, "other", ["tea"])]);
    expect(await apply([deltaOf(1, "new", [])])).toMatchObject({ written: 0, removed: [expect.any(String)] });
    expect(await store.count()).toBe(1);
  });

  test("what is there already is not written again", async () => {
    const deltas = [deltaOf(1, "a", ["milk", "bread"]), deltaOf(2, "b", ["tea"])];
    await apply(deltas);
    const upsert = jest.fn(store.upsert.bind(store));
    expect(await apply(deltas, changed({ upsert }))).toMatchObject({ added: 0, written: 0, removed: [] });
    expect(upsert).not.toHaveBeenCalled();
  });

  test("a fraction whose last digit Chroma changes is there already, and another one is not", async () => {
    const delta = deltaOf(1, "a", ["milk"]);
    const at = (x: number) => ({ ...delta, metadatas: delta.metadatas.map((own) => ({ ...own, x })) });
    const [changed, near] = [0.9829279735631061, 0.98292797357];
    await apply([at(changed)]);
    const [stored] = await store.readMetadata(delta.ids);
    expect(stored?.metadata.x).not.toBe(changed);
    expect(await apply([at(changed)])).toMatchObject({ written: 0 });
    expect(await apply([at(near)])).toMatchObject({ written: 1 });
  });

  test("any series of replacements ends in the last contents", async () => {
    const texts = fc.array(
      fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text.trim() !== ""),
      { maxLength: 6 },
    );
    const cycle = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 4 }), texts), {
      selector: ([image]) => image,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(cycle, { maxLength: 4 }), async (cycles) => {
        await store.delete(await store.idsOf([1, 2, 3, 4].map((image) => deltaOf(image, "", []))));
        const last = new Map<number, Delta>();
        for (const receipts of cycles) {
          run += 1;
          const deltas = receipts.map(([image, lines]) => deltaOf(image, `run-${run}`, lines));
          await apply(deltas);
          for (const [index, [image]] of receipts.entries())
            last.set(image, deltas[index] ?? deltaOf(image, "", []));
        }
        expect(await contents([...last.values()])).toEqual(contentOf([...last.values()]));
      }),
      { numRuns: sampled(25) },
    );
  });

  test("F8: a delta that the store refuses is named, and its batch-mates are stored", async () => {
    const bad = { ...deltaOf(2, "bad", ["tea"]), dimensions: 4, vectors: new Uint8Array(16) };
    const good = [deltaOf(1, "a", ["milk"]), deltaOf(3, "c", ["eggs", "salt"])];
    await apply([deltaOf(2, "before", ["coffee", "sugar"])]);
    const applied = await apply([...good, bad]);
    expect([...applied.refused.keys()]).toEqual([bad]);
    expect([...applied.refused.values()][0]).toContain("dimension");
    const before = deltaOf(2, "before", ["coffee", "sugar"]);
    expect(await contents([...good, bad])).toEqual(contentOf([...good, before]));
  });

  test("slices hold whole deltas, and none is lost", async () => {
    const deltas = [1, 2, 3].map((image) =>
      deltaOf(
        image,
        "run",
        Array.from({ length: 3_000 }, (_, line) => `line ${line}`),
      ),
    );
    const sizes: number[] = [];
    const upsert = (parts: readonly DeltaPart[]) => {
      sizes.push(parts.reduce((sum, { from, to }) => sum + to - from, 0));
      return store.upsert(parts);
    };
    expect(await apply(deltas, changed({ upsert }))).toMatchObject({ added: 9_000 });
    expect(sizes).toEqual([3_000, 3_000, 3_000]);
  });

  test("a delta larger than an upsert is cut and still replaces its receipt", async () => {
    const large = deltaOf(
      1,
      "large",
      Array.from({ length: 5_000 }, (_, line) => `line ${line}`),
    );
    await apply([large]);
    const larger = deltaOf(1, "larger", [...large.documents.slice(0, 4_800), "one more"]);
    expect(await apply([larger])).toMatchObject({ before: 5_000, added: 0, written: 1 });
    expect(await store.count()).toBe(4_801);
  });

  test("another failure of the store is thrown", async () => {
    const upsert = () => Promise.reject(new Error("connection reset"));
    await expect(applyDeltas(changed({ upsert }), [deltaOf(1, "a", ["milk"])])).rejects.toThrow(
      "connection reset",
    );
  });
});

/** The delta's vector at one position alone. */
function onlyLine(delta: Delta, at: number): Pick<Delta, "ids" | "documents" | "metadatas" | "vectors"> {
  return {
    ids: delta.ids.slice(at, at + 1),
    documents: delta.documents.slice(at, at + 1),
    metadatas: delta.metadatas.slice(at, at + 1),
    vectors: delta.vectors.slice(at * dimensions * 4, (at + 1) * dimensions * 4),
  };
}

describe("verifying what was applied", () => {
  test.each<[string, (store: VectorStore) => Partial<VectorStore>, string]>([
    ["an upsert that stores nothing", () => ({ upsert: async () => undefined }), "missing"],
    ["a deletion that deletes nothing", () => ({ delete: async () => undefined }), "still there"],
    [
      "a stray vector",
      (whole) => ({
        upsert: async (parts) => {
          const delta = deltaOf(9, "stray", ["stray"]);
          await whole.upsert([...parts, { delta, from: 0, to: 1 }]);
        },
      }),
      "vectors instead of",
    ],
  ])("%s is divergence", async (_, change, reason) => {
    await apply([deltaOf(1, "old", ["milk", "bread", "salt", "eggs"])]);
    const added = deltaOf(1, "new", ["", "", "", "", "oil"]);
    const replacement = { ...added, ...onlyLine(added, 4) };
    const applying = apply([replacement], changed(change(store)));
    await expect(applying).rejects.toThrow(CollectionDivergedError);
    await expect(applying).rejects.toThrow(reason);
  });

  test("a change of metadata that does not show is divergence", async () => {
    const delta = deltaOf(1, "a", ["milk"]);
    const applied = await applyDeltas(store, [delta]);
    const updated = new Map([[delta.ids[0] ?? "", { merchant_name: "CAFE", place_id: null }]]);
    const verified = () => verifyApplied(store, "lines", applied, { updated, removed: [] });
    await expect(verified()).rejects.toThrow("do not show a change");
    await store.updateMetadata(updated);
    await verified();
  });

  test("a refusal of everything leaves nothing to verify", async () => {
    const upsert = () => Promise.reject(new UpsertRefusedError("no"));
    const applied = await apply([deltaOf(1, "a", ["milk"])], changed({ upsert }));
    expect(applied).toMatchObject({ written: 0, expected: [] });
    expect(applied.refused.size).toBe(1);
  });
});
