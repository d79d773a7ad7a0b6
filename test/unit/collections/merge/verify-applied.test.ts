import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { type Applied, applyDeltas } from "../../../../core/collections/merge/apply-deltas.ts";
import { reconcile } from "../../../../core/collections/merge/reconcile.ts";
import { CollectionDivergedError, verifyApplied } from "../../../../core/collections/merge/verify-applied.ts";
import { documentModel } from "../../../../core/documents/documents.ts";
import { noCurrent } from "../../../../core/runs/current-run.ts";
import { deltaOf } from "../sample-deltas.ts";
import { MemoryStore } from "./memory-store.ts";

const old = deltaOf(1, "old", ["milk", "bread", "salt"]);
const next = deltaOf(1, "new", ["milk", "butter"]);
const other = deltaOf(2, "run", ["tea", "cake"]);
const untouched = deltaOf(3, "run", ["soap"]);
const [milk = "", bread = "", salt = ""] = old.ids;
const [tea = "", cake = ""] = other.ids;

/** The store after a merge that replaced a document, changed the metadata of another and removed a line of it. */
async function merged() {
  const store = new MemoryStore();
  await applyDeltas(store, [old, other, untouched]);
  const applied = await applyDeltas(store, [next]);
  const reconciled = await reconcile(store, "lines", [
    {
      document: documentModel.refOf(other),
      facts: { fields: { merchant_name: "CAFE" }, labels: new Map() },
      current: { ...noCurrent, version: 1, removed: new Map([["LINE#00002", 1]]) },
    },
  ]);
  return { store, applied, reconciled, verify: () => verifyApplied(store, "lines", applied, reconciled) };
}

/** Vectors of documents that no merge was asked for. */
function strays(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `stray ${at + 1}`);
}

test("a store that holds what was applied, and nothing that was removed, is verified", async () => {
  const { verify, applied, reconciled } = await merged();
  expect(applied.removed).toEqual([salt]);
  expect(reconciled).toEqual({ updated: new Map([[tea, { merchant_name: "CAFE" }]]), removed: [cake] });
  await verify();
});

test("a vector that the same merge applied and then removed need not be there", async () => {
  const store = new MemoryStore();
  const applied = await applyDeltas(store, [old]);
  await store.delete([milk]);
  await verifyApplied(store, "lines", applied, { updated: new Map(), removed: [milk] });
});

type Corruption = (store: MemoryStore) => void;

/** A copy of a stored vector, under another id. */
function copied(store: MemoryStore, id: string): StoredVector {
  const stored = store.vectors.get(milk);
  if (stored === undefined) throw new Error("The store has no vector to copy.");
  return { ...stored, id };
}

test.each<[what: string, corrupt: Corruption, why: string[]]>([
  [
    "vectors that are missing",
    (store) => [milk, bread].map((id) => store.vectors.delete(id)),
    [`2 vectors are missing (${milk}, ${bread})`, "holds 2 vectors instead of 4"],
  ],
  [
    "removed vectors that are still there",
    (store) => [salt, cake].map((id) => store.vectors.set(id, copied(store, id))),
    [`2 removed vectors are still there (${salt}, ${cake})`, "holds 6 vectors instead of 4"],
  ],
  [
    "an applied vector in place of a removed one",
    (store) => {
      store.vectors.set(salt, copied(store, salt));
      store.vectors.delete(milk);
    },
    [`1 vectors are missing (${milk})`, `1 removed vectors are still there (${salt})`],
  ],
  [
    "a change of metadata that does not show",
    (store) => store.vectors.set(tea, copied(store, tea)),
    [`1 vectors do not show a change (${tea})`],
  ],
  [
    "a changed vector that was lost",
    (store) => store.vectors.delete(tea),
    [`1 vectors do not show a change (${tea})`, "holds 3 vectors instead of 4"],
  ],
  [
    "a vector that nothing wrote",
    (store) => store.vectors.set("stray", copied(store, "stray")),
    ["lines does not match its deltas and changes: it holds 5 vectors instead of 4."],
  ],
])("%s: divergence, with the number and the names", async (_, corrupt, why) => {
  const { store, verify } = await merged();
  corrupt(store);
  const error: unknown = await verify().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CollectionDivergedError);
  expect((error as CollectionDivergedError).remedy).toContain("npm run generations -- lines|words --rebuild");
  for (const part of why) expect((error as Error).message).toContain(part);
  expect((error as Error).message.split("; ")).toHaveLength(why.length);
});

test("of many vectors five are named", async () => {
  const nothing: Applied = {
    before: 0,
    expected: [],
    added: 0,
    written: 0,
    removed: [],
    replaced: new Set(),
    refused: new Map(),
  };
  const verify = (count: number) =>
    verifyApplied(
      new MemoryStore(),
      "lines",
      { ...nothing, expected: strays(count) },
      { updated: new Map(), removed: [] },
    );
  await expect(verify(5)).rejects.toThrow("(stray 1, stray 2, stray 3, stray 4, stray 5).");
  await expect(verify(6)).rejects.toThrow("(stray 1, stray 2, stray 3, stray 4, stray 5, ...).");
});
