import { type MergeDeps, mergeDocuments } from "../../../../core/collections/merge/merge-documents.ts";
import { CollectionDivergedError } from "../../../../core/collections/merge/verify-applied.ts";
import type { QueuedMessage } from "../../../../core/collections/messages/collection-queue.ts";
import type { StartedDocument } from "../../../../core/collections/messages/document-work.ts";
import { encodeDelta } from "../../../../core/deltas/codec.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../../core/deltas/keys.ts";
import {
  type DocumentFacts,
  type DocumentPart,
  documentModel,
} from "../../../../core/documents/documents.ts";
import { silentLog } from "../../../../core/log.ts";
import { type CurrentRun, noCurrent } from "../../../../core/runs/current-run.ts";
import { ManualClock } from "../../resilience/clocks.ts";
import { deltaOf, dimensions, imageId, model } from "../sample-deltas.ts";
import { MemoryStore } from "./memory-store.ts";

const noFacts: DocumentFacts = { fields: {}, labels: new Map() };
const cafe: DocumentFacts = { ...noFacts, fields: { merchant_name: "CAFE" } };

let store: MemoryStore;
let clock: ManualClock;
let bucket: Map<string, Uint8Array>;
/** The facts of each image's receipt; an error is what reading them fails with. */
let facts: Map<string, DocumentFacts | Error>;
let read: string[];
let logged: (readonly [string, object | undefined])[];
beforeEach(() => {
  [store, clock, bucket, facts] = [new MemoryStore(), new ManualClock(), new Map(), new Map()];
  [read, logged] = [[], []];
});

function depsOf(changes: Partial<MergeDeps> = {}): MergeDeps {
  return {
    shard: "lines",
    target: { collection: "lines", model, dimensions },
    deltas: { get: async (key) => bucket.get(key), has: async () => true, put: async () => undefined },
    items: {
      factsOf: async (document) => {
        read.push(document.imageId);
        const known = facts.get(document.imageId) ?? noFacts;
        if (known instanceof Error) throw known;
        return known;
      },
    },
    clock,
    log: { ...silentLog, error: (message: string, fields?: object) => void logged.push([message, fields]) },
    ...changes,
  };
}

const merge = (
  documents: readonly StartedDocument[],
  { until = 1, onVerify = (): void => undefined, deps = depsOf() } = {},
) => mergeDocuments(deps, store, documents, until, onVerify);

function message(messageId: string): QueuedMessage {
  return {
    messageId,
    receiptHandle: messageId,
    body: "",
    groupId: "",
    deduplicationId: messageId,
    attributes: {},
    receives: 1,
    delivered: true,
  };
}

function workOf(delta: Delta) {
  return { run: delta, deltaPrefix: deltaPrefix(delta), messages: [message(delta.runId)] };
}

/** A document with a run, whose delta is stored. */
function withRun(delta: Delta, changes: Partial<StartedDocument> = {}): StartedDocument {
  bucket.set(deltaKey(deltaPrefix(delta)), encodeDelta(delta));
  return { ...withChange(delta), run: workOf(delta), changeMessages: [], ...changes };
}

/** A document without a run, one of whose items changed. */
function withChange(delta: Delta, changes: Partial<StartedDocument> = {}): StartedDocument {
  return {
    document: documentModel.refOf(delta),
    run: undefined,
    current: undefined,
    changeMessages: [message(`change of ${delta.imageId}`)],
    isDoubted: false,
    ...changes,
  };
}

function current(...removed: DocumentPart[]): CurrentRun {
  return { ...noCurrent, version: 1, removed: new Map(removed.map((part) => [part, 1])) };
}

/** Document and merchant by image and line. */
function contents() {
  return Object.fromEntries(
    [...store.vectors.values()].map(({ id, document, metadata }) => [
      id.replace(/^.*0(\d)#RECEIPT#00001#LINE#0*(\d+)$/, "$1/$2"),
      metadata.merchant_name === undefined ? document : `${document} of ${metadata.merchant_name}`,
    ]),
  );
}

const one = deltaOf(1, "run-1", ["milk", "bread"]);
const two = deltaOf(2, "run-2", ["tea"]);

describe("merging documents into a store", () => {
  test("writes the vectors of runs with their current facts in one go, and acknowledges the runs", async () => {
    facts.set(imageId(1), cafe);
    const documents = [withRun(one), withRun(two)];
    expect(await merge(documents)).toEqual({
      written: 3,
      updated: 0,
      removed: 0,
      count: 3,
      runs: new Map([
        [documents[0]?.run, 2],
        [documents[1]?.run, 1],
      ]),
      mismatched: new Map(),
      documents: documents.map(({ document }) => document),
      changeMessages: [],
      settled: new Map([
        [documents[0], cafe],
        [documents[1], noFacts],
      ]),
    });
    expect(contents()).toEqual({ "1/1": "milk of CAFE", "1/2": "bread of CAFE", "2/1": "tea" });
    expect(store.callsOf("metadataOf")).toEqual([]);
    expect(read).toEqual([imageId(1), imageId(2)]);
  });

  test("gives vectors that were there already the facts of now, and removes what the new delta lacks", async () => {
    await merge([withRun(one)]);
    facts.set(imageId(1), cafe);
    const next = withRun(deltaOf(1, "run-3", ["milk"]));
    expect(await merge([next])).toMatchObject({ written: 0, updated: 1, removed: 1, count: 1 });
    expect(contents()).toEqual({ "1/1": "milk of CAFE" });
    expect(read).toEqual([imageId(1), imageId(1)]);
  });

  test("leaves out the parts of a new run that are removed already", async () => {
    const documents = [
      withRun(one, { current: current("LINE#00002") }),
      withRun(two, { current: current() }),
    ];
    expect(await merge(documents)).toMatchObject({ written: 3, removed: 1, count: 2 });
    expect(contents()).toEqual({ "1/1": "milk", "2/1": "tea" });
    expect(store.callsOf("metadataOf")).toEqual([[[documents[0]?.document]]]);
  });

  test("a change without a run updates the document's vectors and is acknowledged", async () => {
    await merge([withRun(one), withRun(two)]);
    facts.set(imageId(1), cafe);
    const deleted = { ...current(), state: "DELETED" as const };
    const documents = [withChange(one), withChange(two, { current: deleted })];
    expect(await merge(documents)).toEqual({
      written: 0,
      updated: 2,
      removed: 1,
      count: 2,
      runs: new Map(),
      mismatched: new Map(),
      documents: documents.map(({ document }) => document),
      changeMessages: documents.flatMap(({ changeMessages }) => changeMessages),
      settled: new Map([
        [documents[0], cafe],
        [documents[1], noFacts],
      ]),
    });
    expect(contents()).toEqual({ "1/1": "milk of CAFE", "1/2": "bread of CAFE" });
  });

  test("a document that is doubted is compared with its items, without any message", async () => {
    await merge([withRun(one)]);
    facts.set(imageId(1), cafe);
    const quiet = withChange(one, { changeMessages: [] });
    expect(await merge([quiet])).toMatchObject({ updated: 0, documents: [], settled: new Map() });
    const doubted = { ...quiet, isDoubted: true };
    expect(await merge([doubted])).toMatchObject({
      updated: 2,
      documents: [quiet.document],
      changeMessages: [],
    });
  });

  test("F8: a run whose delta is missing, or refused by the store, is named alone; its document is not merged", async () => {
    const gone = withRun(one, { current: current("LINE#00001") });
    bucket.clear();
    const upsert = store.upsert.bind(store);
    store.upsert = (parts) =>
      upsert(
        parts.map((part) =>
          part.delta.runId === "run-2" ? { ...part, delta: { ...part.delta, dimensions: 4 } } : part,
        ),
      );
    const [refused, good] = [
      withRun(two, { current: current("LINE#00001") }),
      withRun(deltaOf(3, "run-3", ["eggs"])),
    ];
    const merged = await merge([gone, refused, good]);
    expect(merged).toMatchObject({ written: 1, removed: 0, count: 1, documents: [good.document] });
    expect(merged.runs).toEqual(new Map([[good.run, 1]]));
    expect(merged.mismatched).toEqual(
      new Map([
        [gone.run, expect.stringContaining("no such object")],
        [refused.run, expect.stringContaining("dimension")],
      ]),
    );
    expect(merged.settled).toEqual(new Map([[good, noFacts]]));
    expect(contents()).toEqual({ "3/1": "eggs" });
  });

  test("the changes of a document whose delta is missing are made, but it is not settled", async () => {
    await merge([withRun(one)]);
    facts.set(imageId(1), cafe);
    const change = message("change");
    const both = withRun(deltaOf(1, "run-3", ["oil"]), { changeMessages: [change] });
    bucket.clear();
    const merged = await merge([both]);
    expect(merged).toMatchObject({ updated: 2, changeMessages: [change], documents: [both.document] });
    expect(merged.settled).toEqual(new Map());
    expect(contents()).toEqual({ "1/1": "milk of CAFE", "1/2": "bread of CAFE" });
  });

  test("F13: a document whose items cannot be read is left for later, alone, and logged", async () => {
    await merge([withRun(one), withRun(two)]);
    facts.set(imageId(1), new Error("throttled")).set(imageId(2), cafe);
    const documents = [withChange(one), withChange(two)];
    const merged = await merge(documents);
    expect(merged).toMatchObject({ updated: 1, documents: [documents[1]?.document] });
    expect(merged.changeMessages).toEqual(documents[1]?.changeMessages);
    expect([...merged.settled.keys()]).toEqual([documents[1]]);
    expect(logged).toEqual([
      [
        expect.stringContaining("receipt"),
        { image_id: imageId(1), receipt_id: 1, error_name: "Error", reason: "throttled" },
      ],
    ]);
  });

  test("once its time is over it reads no more items, and finishes what it has read", async () => {
    await merge([withRun(one), withRun(two)]);
    facts.set(imageId(1), cafe).set(imageId(2), cafe);
    read = [];
    const next = withRun(deltaOf(1, "run-3", ["milk"]));
    const readVectors = store.read.bind(store);
    store.read = (ids) => {
      clock.advance(1);
      return readVectors(ids);
    };
    const merged = await merge([next, withChange(two)]);
    expect(merged).toMatchObject({ updated: 1, removed: 1, changeMessages: [], documents: [next.document] });
    expect(read).toEqual([imageId(1)]);
    expect(contents()).toEqual({ "1/1": "milk of CAFE", "2/1": "tea" });
  });

  test("reads the items of sixteen documents at a time", async () => {
    const gate = Promise.withResolvers<void>();
    const { items } = depsOf();
    const factsOf: typeof items.factsOf = async (...of) => {
      const known = await items.factsOf(...of);
      await gate.promise;
      return known;
    };
    const documents = Array.from({ length: 20 }, (_, image) => withChange(deltaOf(image, "run", [])));
    const merging = merge(documents, { deps: depsOf({ items: { factsOf } }) });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toHaveLength(16);
    gate.resolve();
    expect((await merging).changeMessages).toHaveLength(20);
  });

  test("says when it begins to read back, and throws if the store does not hold what was merged", async () => {
    const before: string[] = [];
    const onVerify = () => void before.push(...store.calls.map(([name]) => name));
    await merge([withRun(one)], { onVerify });
    expect(before).toContain("upsert");
    expect(before).not.toContain("present");
    store.upsert = async () => undefined;
    await expect(merge([withRun(two)])).rejects.toThrow(CollectionDivergedError);
  });
});
