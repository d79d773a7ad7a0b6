import {
  type LoadDeps,
  loadDeltas,
  readDelta,
  withKnown,
} from "../../../../core/collections/merge/load-deltas.ts";
import { encodeDelta } from "../../../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../../../core/deltas/keys.ts";
import { silentLog } from "../../../../core/log.ts";
import { ManualClock } from "../../resilience/clocks.ts";
import { deltaOf, dimensions, model, wordDeltaOf } from "../sample-deltas.ts";

const deltas = Array.from({ length: 40 }, (_, n) => deltaOf(n, `run-${n}`, [`milk ${n}`]));
const works = deltas.map((delta) => ({ run: delta, deltaPrefix: deltaPrefix(delta), messages: [] }));
const keys = works.map((work) => deltaKey(work.deltaPrefix));
const facts = { fields: { merchant_name: "CAFE" }, labels: new Map() };

let bucket: Map<string, Uint8Array>;
let fetched: string[];
let logged: [message: string, fields: object | undefined][];
beforeEach(() => {
  bucket = new Map(deltas.map((delta, n) => [keys[n] ?? "", encodeDelta(delta)]));
  [fetched, logged] = [[], []];
});

function depsOf(changed: Partial<LoadDeps> = {}): LoadDeps {
  const keep = (message: string, fields?: object) => void logged.push([message, fields]);
  return {
    deltas: {
      get: async (key) => {
        fetched.push(key);
        return bucket.get(key);
      },
      has: async () => true,
      put: async () => undefined,
    },
    items: { factsOf: async () => ({}) as never },
    target: { collection: "lines", model, dimensions },
    clock: new ManualClock(),
    log: { ...silentLog, warn: keep, error: keep },
    ...changed,
  };
}

async function loaded(deps = depsOf(), until = 1) {
  const found: (string | [string, string])[] = [];
  for await (const one of loadDeltas(deps, works, until))
    found.push("mismatched" in one ? [one.work.run.runId, one.mismatched] : one.delta.runId);
  return found;
}
const runIds = deltas.map(({ runId }) => runId);

test("all are read, in order, sixteen ahead of the one that is applied", async () => {
  const reading = loadDeltas(depsOf(), works, 1);
  await reading.next();
  expect(fetched).toEqual(keys.slice(0, 17));
  await reading.next();
  expect(fetched).toEqual(keys.slice(0, 18));
  expect(await loaded()).toEqual(runIds);
});

test("F8: one that is missing, unreadable or of another run is given with its reason, between the others", async () => {
  bucket.delete(keys[1] ?? "");
  bucket.set(keys[2] ?? "", Buffer.from("cut"));
  bucket.set(keys[3] ?? "", bucket.get(keys[4] ?? "") ?? Buffer.of());
  const found = await loaded();
  expect(found.slice(0, 5)).toEqual([
    "run-0",
    ["run-1", expect.stringContaining("no such object")],
    ["run-2", expect.stringContaining("cannot be read")],
    ["run-3", expect.stringContaining("run")],
    "run-4",
  ]);
  expect(found).toHaveLength(40);
});

test("F13: one that storage or the tables fail to give is left out alone, and logged", async () => {
  const { deltas: sound } = depsOf();
  const get = (key: string) => (key === keys[5] ? Promise.reject(new Error("SlowDown")) : sound.get(key));
  const factsOf = async ({ imageId }: { readonly imageId: string }) => {
    if (imageId === deltas[7]?.imageId) throw new Error("throttled");
    return {} as never;
  };
  const found = await loaded(depsOf({ deltas: { ...sound, get }, items: { factsOf } }));
  expect(found).toEqual(runIds.filter((_, n) => n !== 5 && n !== 7));
  expect(logged).toEqual([
    [expect.stringContaining("delta"), expect.objectContaining({ run_id: "run-5", reason: "SlowDown" })],
    [expect.stringContaining("delta"), expect.objectContaining({ run_id: "run-7", reason: "throttled" })],
  ]);
});

test("at its time it stops, and what is left is said", async () => {
  const clock = new ManualClock();
  const found: string[] = [];
  for await (const one of loadDeltas(depsOf({ clock }), works, 3)) {
    found.push(one.work.run.runId);
    clock.advance(1);
  }
  expect(found).toEqual(runIds.slice(0, 3));
  expect(logged).toEqual([
    ["The cycle is out of time; the remaining messages are redelivered", { deltas: works.length - 3 }],
  ]);
});

test("new vectors have the known facts, beside what embedding wrote", () => {
  const delta = deltaOf(1, "run", ["milk", "bread"]);
  const known = withKnown(delta, facts);
  for (const [at, metadata] of known.metadatas.entries())
    expect(metadata).toMatchObject({ ...delta.metadatas[at], merchant_name: "CAFE" });
  expect(known.vectors).toBe(delta.vectors);
});

test("each new word has its own labels", () => {
  const delta = wordDeltaOf(1, "run", [["milk", "1.99"]]);
  const [, price = ""] = delta.ids;
  const known = withKnown(delta, { ...facts, labels: new Map([[price, new Map([["PRICE", "VALID"]])]]) });
  expect(known.metadatas).toMatchObject([
    { text: "milk", label_status: "unvalidated" },
    { text: "1.99", label_status: "validated", label_PRICE: true },
  ]);
});

test("a failure that is not of the delta is thrown, instead of failing its run", () => {
  const delta = deltaOf(1, "run", ["milk"]);
  const work = { run: delta, deltaPrefix: deltaPrefix(delta) };
  const target = {
    collection: "lines",
    dimensions,
    get model(): string {
      throw new RangeError("no model");
    },
  } as const;
  expect(() => readDelta(target, work, encodeDelta(delta))).toThrow(RangeError);
});
