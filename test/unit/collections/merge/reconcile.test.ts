import fc from "fast-check";
import type { MetadataChanges } from "../../../../core/collections/chroma/vector-store.ts";
import { applyDeltas } from "../../../../core/collections/merge/apply-deltas.ts";
import { isGone, reconcile, type Truth } from "../../../../core/collections/merge/reconcile.ts";
import {
  type DocumentFacts,
  type DocumentPart,
  documentModel,
} from "../../../../core/documents/documents.ts";
import { type CurrentRun, noCurrent } from "../../../../core/runs/current-run.ts";
import { deltaOf, wordDeltaOf } from "../sample-deltas.ts";
import { MemoryStore } from "./memory-store.ts";

const noFacts: DocumentFacts = { fields: {}, labels: new Map() };
const named = (merchant_name: string): DocumentFacts => ({ ...noFacts, fields: { merchant_name } });

function current(...removed: DocumentPart[]): CurrentRun {
  return { ...noCurrent, runId: "run", version: 1, removed: new Map(removed.map((part) => [part, 1])) };
}

/** A store that holds three lines of each image's receipt. */
async function storeOf(images: readonly number[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await applyDeltas(
    store,
    images.map((image) => deltaOf(image, "run", ["milk", "bread", "tea"])),
  );
  store.calls.length = 0;
  return store;
}

function truthOf(image: number, facts: DocumentFacts, of: CurrentRun | undefined): Truth {
  return { document: documentModel.refOf(deltaOf(image, "", [])), facts, current: of };
}

describe("reconciling vectors with their documents", () => {
  test("F9: from any state of facts and removals, vectors end as their documents are, and once is enough", async () => {
    const state = fc.record({
      facts: fc.constantFrom(noFacts, named("CAFE"), named("SHOP"), {
        ...noFacts,
        fields: { place_id: "1", formatted_address: "1 Road" },
      }),
      removed: fc.subarray<DocumentPart>(["LINE#00001", "LINE#00002"]),
      isDeleted: fc.constantFrom(false, false, true),
    });
    const states = fc.dictionary(fc.constantFrom("1", "2", "3", "4"), state);
    await fc.assert(
      fc.asyncProperty(fc.array(states, { maxLength: 4 }), async (series) => {
        const store = await storeOf([1, 2, 3, 4]);
        for (const some of series) {
          const truths = Object.entries(some).map(([image, { facts, removed, isDeleted }]) =>
            truthOf(Number(image), facts, {
              ...current(...removed),
              state: isDeleted ? "DELETED" : "ACTIVE",
            }),
          );
          const before = new Map(store.vectors);
          const { updated, removed } = await reconcile(store, "lines", truths);
          const changed = [...store.vectors].filter(([id, vector]) => before.get(id) !== vector);
          expect([...updated.keys()].sort()).toEqual(changed.map(([id]) => id).sort());
          expect(removed.toSorted()).toEqual(
            [...before.keys()].filter((id) => !store.vectors.has(id)).sort(),
          );
          for (const { document, facts, current: now } of truths) {
            for (const { id, metadata } of await store.metadataOf([document])) {
              const { image_id, receipt_id, line_id, text, x, ...rest } = metadata;
              expect(rest).toEqual(facts.fields);
              expect(isGone({ id }, now)).toBe(false);
            }
          }
          const again = await reconcile(store, "lines", truths);
          expect(again).toEqual({ updated: new Map(), removed: [] });
        }
      }),
    );
  });

  test("each word has its own labels, and loses those that its document no longer has", async () => {
    const store = new MemoryStore();
    const delta = wordDeltaOf(1, "run", [["milk", "TOTAL"]]);
    await applyDeltas(store, [delta]);
    const [milk = "", total = ""] = delta.ids;
    const labelled = { ...noFacts, labels: new Map([[total, new Map([["GRAND_TOTAL", "VALID"]])]]) };
    await reconcile(store, "words", [truthOf(1, labelled, undefined)]);
    expect(store.vectors.get(total)?.metadata).toMatchObject({ label_GRAND_TOTAL: true });
    expect(store.vectors.get(milk)?.metadata.label_status).toBe("unvalidated");
    const { updated } = await reconcile(store, "words", [truthOf(1, noFacts, undefined)]);
    expect(updated).toEqual(
      new Map([[total, { label_GRAND_TOTAL: null, label_status: "unvalidated" } satisfies MetadataChanges]]),
    );
  });

  test("deletes only after the last metadata is written", async () => {
    const store = await storeOf([1, 2]);
    await reconcile(store, "lines", [
      truthOf(1, named("CAFE"), current("LINE#00001")),
      truthOf(2, named("CAFE"), undefined),
    ]);
    expect(store.calls.map(([name]) => name)).toEqual(["metadataOf", "updateMetadata", "delete"]);
    expect(store.vectors.size).toBe(5);
  });

  test("reads a hundred documents at a time, and misses none", async () => {
    const images = Array.from({ length: 250 }, (_, at) => at + 1);
    const store = await storeOf(images);
    const truths = images.map((image) => truthOf(image, named("CAFE"), undefined));
    const { updated } = await reconcile(store, "lines", truths);
    expect(updated.size).toBe(750);
    expect(store.callsOf("metadataOf").map(([documents]) => documents.length)).toEqual([100, 100, 50]);
    expect([...store.vectors.values()].every(({ metadata }) => metadata.merchant_name === "CAFE")).toBe(true);
  });

  test("leaves vectors alone that belong to no document that was asked for", async () => {
    const store = await storeOf([1, 2]);
    const both = [1, 2].map((image) => truthOf(image, noFacts, undefined).document);
    const metadataOf = store.metadataOf.bind(store);
    store.metadataOf = () => metadataOf(both);
    const deleted = { ...current(), state: "DELETED" as const };
    const { removed } = await reconcile(store, "lines", [truthOf(1, noFacts, deleted)]);
    expect(removed).toEqual(deltaOf(1, "", ["milk", "bread", "tea"]).ids);
    expect(store.vectors.size).toBe(3);
  });
});

test("a vector is gone with its document, its line or its word, and not with another", () => {
  const [line = ""] = deltaOf(1, "run", ["milk"]).ids;
  const [word = ""] = wordDeltaOf(1, "run", [["milk", "1.99"]]).ids;
  const gone = (id: string, of: CurrentRun | undefined) => isGone({ id }, of);
  expect([line, word].map((id) => gone(id, undefined))).toEqual([false, false]);
  expect([line, word].map((id) => gone(id, current()))).toEqual([false, false]);
  expect([line, word].map((id) => gone(id, { ...current(), state: "DELETED" }))).toEqual([true, true]);
  expect([line, word].map((id) => gone(id, current("LINE#00001")))).toEqual([true, true]);
  expect([line, word].map((id) => gone(id, current("LINE#00001#WORD#00001")))).toEqual([false, true]);
  expect([line, word].map((id) => gone(id, current("LINE#00002", "LINE#00001#WORD#00002")))).toEqual([
    false,
    false,
  ]);
});
