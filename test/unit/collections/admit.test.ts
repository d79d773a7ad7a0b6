import type { DocumentWork, RunWork } from "../../../core/collections/messages/document-work.ts";
import { admit } from "../../../core/collections/publish/admit.ts";
import type { PublishedState } from "../../../core/collections/publish/published-state.ts";
import type { SegmentEntry } from "../../../core/collections/segments/entry.ts";
import { documentModel } from "../../../core/documents/documents.ts";
import { imageId } from "./sample-deltas.ts";

const document = (n: number) => ({ imageId: imageId(n), receiptId: 1 });
const keyOf = (n: number) => documentModel.keyOf(document(n));

const change = (n: number): DocumentWork => ({
  document: document(n),
  runs: [],
  removals: [],
  changeMessages: [],
  isDoubted: false,
});
const run = (n: number): DocumentWork => ({ ...change(n), runs: [{} as RunWork] });
const removal = (n: number): DocumentWork => ({
  ...change(n),
  removals: [{ part: "DOCUMENT", revision: 1 }],
});

/** Ten vectors per document; those of `above` lie above the base too. */
function published(inBase: readonly number[], above: readonly number[]): PublishedState {
  const known = { runId: null, deltaKey: null, digest: null, vectorCount: 10 };
  return {
    database: "00000001-1",
    databaseCount: 10 * inBase.length,
    index: new Map(inBase.map((n) => [keyOf(n), known])),
    segments: [],
    overlay: new Map(above.map((n) => [keyOf(n), { gone: false, vectorCount: 10 } as SegmentEntry])),
  };
}

const heldBack = (works: readonly DocumentWork[], state: PublishedState, most: number) =>
  admit(works, state, most).heldBack.map((work) => works.indexOf(work));

describe("F49: above the base", () => {
  const state = published([1, 2, 3, 4, 5, 6], [1, 2]);

  test("new documents find room up to the bound, and changes of what only the base has up to twice of it", () => {
    const news = [run(7), run(8)];
    expect(heldBack(news, state, 30)).toEqual([1]);
    const changes = [change(3), change(4), change(5), change(6)];
    expect(heldBack(changes, state, 20)).toEqual([2, 3]);
    expect(heldBack([...changes, ...news], state, 30)).toEqual([4, 5]);
  });

  test("removals, changes of what is there already and of what is nowhere always find room", () => {
    expect(heldBack([change(1), run(2), removal(3), change(9)], state, 1)).toEqual([]);
  });

  test("one that is larger than all the room there is goes alone", () => {
    expect(heldBack([change(1), change(2)], published([1, 2], []), 1)).toEqual([1]);
  });
});
