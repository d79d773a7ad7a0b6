import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { GenerationCorruptError } from "../../../core/collections/generations/generation-reader.ts";
import { withPublishedCopy } from "../../../core/collections/generations/published-copy.ts";
import { askShard, type FindableDeps, type FindableOptions } from "../../../core/findable/ask-shard.ts";
import { type FindableReport, joinedFindable } from "../../../core/findable/report.ts";
import { drawn } from "../../../core/findable/sample.ts";
import { silentLog } from "../../../core/log.ts";
import type { Clock } from "../../../core/resilience/clock.ts";
import { ShardTooLargeError } from "../../../core/search/search-errors.ts";
import { nightly } from "../../faults/nightly.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { publishDoctored } from "../../unit/collections/doctored.ts";
import { model } from "../../unit/collections/sample-deltas.ts";
import { hastyClock, ManualClock } from "../../unit/resilience/clocks.ts";
import { dimensions, isRepeated, repeatedVectors, vectors } from "./repeated-vectors.ts";

// A test asks thousands of times, which takes seconds, and a minute on a machine that is busy.
jest.setTimeout(240_000);

const deltas = repeatedVectors();
const all = { size: null, seed: "one" };
let rig: CompactionRig;

/** A shard in which half of the vectors are those of ten texts. */
beforeAll(async () => {
  rig = await CompactionRig.start();
  await publish(async (store) => {
    await store.upsert(deltas.map((delta) => ({ delta, from: 0, to: delta.ids.length })));
  });
});
afterAll(() => rig.stop());

async function publish(change: Parameters<typeof publishDoctored>[1]): Promise<void> {
  const { client, controlTable } = rig.tables;
  const files = await rig.files();
  await publishDoctored({ client, controlTable, shard: rig.shard, files, model, dimensions }, change);
}

async function asked(
  options: Partial<FindableOptions> = {},
  changes: Partial<FindableDeps> = {},
): Promise<FindableReport> {
  const deps: FindableDeps = {
    shard: rig.shard,
    target: { model, dimensions },
    control: rig.tables,
    files: await rig.files(),
    clock: hastyClock(),
    log: silentLog,
    ...changes,
  };
  const deadline = deps.clock.now() + 1e6;
  return askShard(deps, { sample: all, exactVectors: vectors, deadline, ...options });
}

/** Each look at it takes time. */
function clockThatCosts(ms: number): Clock {
  const clock = new ManualClock();
  const now = () => {
    clock.advance(ms);
    return clock.now();
  };
  return { now, sleep: (wait) => clock.sleep(wait) };
}

/** What Chroma's index does not have among the first ten of its own, asked without anything in between. */
async function missedByIndex(): Promise<string[]> {
  const head = (await rig.head()) ?? "";
  return withPublishedCopy(await rig.files(), rig.shard, head, async (store) => {
    const missed: string[] = [];
    for await (const page of store.vectorPages()) {
      for (const { id, document, vector } of page) {
        // One of a text that two hundred share is as good as any other.
        if (isRepeated(document)) continue;
        const found = await store.queryBase({ vector: [...vector], k: 10, filter: [] });
        if (found.every((each) => each.id !== id)) missed.push(id);
      }
    }
    return missed.sort();
  });
}

test("F44: where every vector is compared, each is found by its own numbers, however many are equal", async () => {
  expect(await asked()).toMatchObject({
    generation: await rig.head(),
    exact: true,
    vectors,
    asked: vectors,
    found: vectors,
    not_found: 0,
    missed: [],
    next: null,
  });
});

test("F44: what Chroma's index misses above query:exactVectors is counted and named, and nothing else is", async () => {
  const missed = await missedByIndex();
  expect(missed.length).toBeGreaterThan(20);
  const report = await asked({ exactVectors: vectors - 1 });
  const named = report.missed.map(({ id }) => id);
  expect(report).toMatchObject({
    exact: false,
    asked: vectors,
    found: vectors - named.length,
    not_found: named.length,
  });
  // An approximate index is not held to the same misses each time that it is opened.
  const inBoth = named.filter((id) => missed.includes(id)).length;
  expect(missed.length + named.length - 2 * inBoth).toBeLessThan(missed.length / 10);
  expect(report.missed[0]?.why).toMatch(/^it is not among 10 hits, of which the last has cosine 0\.\d{4}$/);
});

test("F44: a shard that search functions do not open is not said to be findable", async () => {
  await expect(asked({ exactVectors: vectors - 1, maxVectors: vectors - 1 })).rejects.toThrow(
    ShardTooLargeError,
  );
  expect(await asked({ maxVectors: vectors })).toMatchObject({ exact: true, not_found: 0 });
});

nightly("a sample asks for as many as it says, the same ones by the same seed", async () => {
  // What the index misses is told by id: of half of the vectors, enough to tell two samples apart.
  const size = vectors / 2;
  const drawnBy = async (seed: string) => {
    const { asked: count, missed } = await asked({ sample: { size, seed }, exactVectors: 0 });
    return { count, ids: missed.map(({ id }) => id).sort() };
  };
  const missed = new Set(await missedByIndex());
  const ids = deltas.flatMap((delta) => delta.ids);
  const first = await drawnBy("one");
  expect(first.count).toBe(size);
  expect(first.ids).toEqual(
    drawn(ids, { size, seed: "one" })
      .filter((id) => missed.has(id))
      .sort(),
  );
  expect(await drawnBy("one")).toEqual(first);
  expect((await drawnBy("two")).ids).not.toEqual(first.ids);
});

nightly(
  "what the time does not allow is left for the next call, and all parts say together what one would",
  async () => {
    const parts: FindableReport[] = [];
    const sample = { size: 600, seed: "one" };
    for (let after: string | undefined; parts.length < 10; ) {
      const part = await asked({ sample, exactVectors: 0, after }, { clock: clockThatCosts(250_000) });
      parts.push(part);
      if (part.next === null) break;
      after = part.next;
    }
    expect(parts.length).toBeGreaterThan(1);
    const { seconds: _, ...together } = parts.reduce(joinedFindable);
    const { seconds: __, ...whole } = await asked({ sample, exactVectors: 0 });
    expect(whole.asked).toBe(600);
    expect(together).toEqual(whole);
  },
);

test("nothing is asked where nothing is published", async () => {
  expect(await asked({}, { shard: "words" })).toMatchObject({ generation: null, vectors: 0, asked: 0 });
});

test("a vector whose numbers no search accepts is not found, with that reason", async () => {
  const [delta] = deltas;
  if (delta === undefined) throw new Error("There is no delta.");
  const [id = ""] = delta.ids;
  const zeros = { ...delta, vectors: new Uint8Array(delta.vectors.byteLength) };
  await publish((store) => store.upsert([{ delta: zeros, from: 0, to: 1 }]));
  expect(await asked()).toMatchObject({
    not_found: 1,
    missed: [{ id, why: expect.stringContaining("a vector of zeros has no direction") }],
  });
});

test("a corrupt generation is refused, and does not count as one without misses", async () => {
  await appendFile(join(rig.generations.pathOf((await rig.head()) ?? ""), "chroma/chroma.sqlite3"), "x");
  await expect(asked()).rejects.toThrow(GenerationCorruptError);
});
