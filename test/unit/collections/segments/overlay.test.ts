import fc from "fast-check";
import { digestOfState, rowsOf, type SegmentEntry } from "../../../../core/collections/segments/entry.ts";
import {
  countOver,
  maxSegments,
  overlayOf,
  segmentsToMerge,
  vectorsIn,
} from "../../../../core/collections/segments/overlay.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import type { DocumentPart } from "../../../../core/documents/documents.ts";
import { receiptKey } from "../../../../core/receipts/receipt.ts";
import { deltaOf } from "../sample-deltas.ts";

/** The content of a run follows from its name. */
const deltas = new Map<string, Delta>();
for (const image of [1, 2, 3]) {
  for (const run of ["a", "b"])
    deltas.set(`${image}${run}`, deltaOf(image, run, [run, `${run} 2`, `${run} 3`]));
}

type Event = typeof event extends fc.Arbitrary<infer Of> ? Of : never;
type Rows = Record<string, Record<string, unknown>>;

function rows(delta: Delta): Rows {
  return Object.fromEntries(
    delta.ids.map((id, position) => [
      id,
      {
        document: delta.documents[position],
        ...delta.metadatas[position],
        vector: Buffer.from(delta.vectors.subarray(position * 32, position * 32 + 32)).toString("hex"),
      },
    ]),
  );
}

function entryOf(
  image: number,
  run: string,
  merchant: string,
  removedLines: readonly number[],
): SegmentEntry {
  const delta = deltas.get(`${image}${run}`);
  if (delta === undefined) throw new RangeError("Every run has a delta.");
  const facts = { fields: { merchant_name: merchant }, labels: new Map() };
  const removed = removedLines.map((line): DocumentPart => `LINE#0000${line}`);
  const receipt = { imageId: delta.imageId, receiptId: delta.receiptId };
  const state = { runId: run, facts, removed };
  const vectorCount = rowsOf(delta, state).ids.length;
  return {
    document: receipt,
    gone: false,
    ...state,
    deltaKey: `${image}${run}`,
    vectorCount,
    digest: digestOfState(state),
  };
}

function rowsOfEntry(entry: SegmentEntry): Rows {
  const delta = entry.gone ? undefined : deltas.get(entry.deltaKey);
  return entry.gone || delta === undefined ? {} : rows(rowsOf(delta, entry));
}

const image = fc.constantFrom(1, 2, 3);
const change = fc.oneof(
  fc
    .tuple(image, fc.constantFrom("a", "b"), fc.constantFrom("CAFE", "BAR"), fc.subarray([1, 2, 3]))
    .map(([...of]) => entryOf(...of)),
  image.map((of): SegmentEntry => ({ document: deltaOf(of, "a", []), gone: true })),
);
/** Each publishes some receipts, once each. */
const publish = fc.uniqueArray(change, {
  minLength: 1,
  maxLength: 3,
  selector: ({ document: receipt }) => receiptKey(receipt),
});
const event = fc.oneof(
  { weight: 8, arbitrary: publish.map((entries) => ({ kind: "publish" as const, entries })) },
  { weight: 2, arbitrary: fc.nat(3).map((left) => ({ kind: "fold" as const, left })) },
  { weight: 1, arbitrary: fc.nat(9).map((back) => ({ kind: "restore" as const, back })) },
);

interface State {
  readonly base: ReadonlyMap<string, Rows>;
  readonly segments: readonly (readonly SegmentEntry[])[];
  /** What the history means, applied directly. */
  readonly truth: ReadonlyMap<string, Rows>;
}

function next({ base, segments, truth }: State, happens: Event, before: readonly State[]): State {
  if (happens.kind === "restore") return before.at(-1 - (happens.back % before.length)) as State;
  if (happens.kind === "publish") {
    const sizes = segments.map((each) => each.length);
    const kept = segments.length - segmentsToMerge(sizes, happens.entries.length, 3);
    const merged = [...overlayOf([...segments.slice(kept), happens.entries]).values()];
    const now = new Map(truth);
    for (const entry of happens.entries) now.set(receiptKey(entry.document), rowsOfEntry(entry));
    return { base, segments: [...segments.slice(0, kept), merged], truth: now };
  }
  // All but a few receipts get into the next base.
  const overlay = [...overlayOf(segments)];
  const folded = new Map(base);
  for (const [key, entry] of overlay.slice(happens.left)) folded.set(key, rowsOfEntry(entry));
  const carried = overlay.slice(0, happens.left).map(([, entry]) => entry);
  return { base: folded, segments: carried.length > 0 ? [carried] : [], truth };
}

test("any history of publishes, merges, folds and restores reads as the history applied directly", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const states: State[] = [{ base: new Map(), segments: [], truth: new Map() }];
      for (const happens of events) states.push(next(states.at(-1) as State, happens, states));
      for (const { base, segments, truth } of states) {
        const overlay = overlayOf(segments);
        const read = new Map(base);
        for (const [key, entry] of overlay) read.set(key, rowsOfEntry(entry));
        const shown = Object.assign({}, ...read.values());
        expect(shown).toEqual(Object.assign({}, ...truth.values()));
        const index = new Map(
          Array.from(base, ([key, of]) => [
            key,
            { vectorCount: Object.keys(of).length, runId: null, deltaKey: null, digest: null },
          ]),
        );
        const count = [...index.values()].reduce((sum, { vectorCount }) => sum + vectorCount, 0);
        expect(countOver({ count, index }, overlay)).toBe(Object.keys(shown).length);
        expect(segments.length).toBeLessThanOrEqual(3);
      }
    }),
  );
});

test("however many publishes follow one another, few segments stay, and each entry is rarely written again", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 400 }), (publishes) => {
      let sizes: number[] = [];
      let written = 0;
      for (const size of publishes) {
        const merged = segmentsToMerge(sizes, size);
        const last = sizes.slice(sizes.length - merged).reduce((sum, each) => sum + each, size);
        sizes = [...sizes.slice(0, sizes.length - merged), last];
        written += last;
        expect(sizes.length).toBeLessThanOrEqual(maxSegments);
      }
      const published = publishes.reduce((sum, size) => sum + size, 0);
      expect(written).toBeLessThanOrEqual(published * (1 + Math.log2(published + 1)));
    }),
  );
});

test("an overlay counts the vectors of its newest entries alone", () => {
  const older = [entryOf(1, "a", "CAFE", []), entryOf(2, "a", "CAFE", [])];
  const newer: SegmentEntry[] = [entryOf(1, "b", "CAFE", [1]), { document: deltaOf(2, "a", []), gone: true }];
  expect(vectorsIn(overlayOf([older, newer]))).toBe(2);
});
