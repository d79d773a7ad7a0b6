import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { UploadPartCommand } from "@aws-sdk/client-s3";
import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { isSameVector } from "../../../core/collections/merge/parts-that-differ.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { holdsShardKey } from "../../../core/documents/shards.ts";
import { type Metrics, silentMetrics } from "../../../core/metrics.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import type { ExportDeps } from "../../../core/snapshots/export-snapshot.ts";
import { scheduledExport } from "../../../core/snapshots/scheduled-export.ts";
import { SnapshotOverdueError, SnapshotTooLargeError } from "../../../core/snapshots/snapshot-errors.ts";
import { type LocalServices, startLocalServices } from "../../conformance/local-services.ts";
import { chromaLibrary } from "../../unit/collections/chroma.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, dimensions, imageId, model, vectorOf } from "../../unit/collections/sample-deltas.ts";
import { SnapshotRig } from "./snapshot-rig.ts";

jest.setTimeout(300_000);

let services: LocalServices;
let rig: SnapshotRig;
beforeAll(async () => {
  services = await startLocalServices();
});
afterEach(() => rig.stop());
afterAll(() => services.stop());

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const tea = deltaOf(2, "tea", ["tea", "cake", "jam"]);
const eggs = deltaOf(3, "eggs", ["eggs", "salt"]);

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

/** Everything that the newest snapshot holds, read by Chroma's own client through a server. */
async function everything(library?: string): Promise<StoredVector[]> {
  return rig.read(async (collection) => {
    const found = await collection.get({ include: ["documents", "metadatas", "embeddings"] });
    expect(found.ids).toHaveLength(await collection.count());
    return found
      .rows()
      .map(({ id, document, metadata, embedding }) => ({
        id,
        document: document ?? "",
        metadata: metadata as StoredVector["metadata"],
        vector: Float32Array.from(embedding ?? []),
      }))
      .sort(byId);
  }, library);
}

/** Numbers to the digits that Chroma keeps, all else exactly. */
function expectSame(found: readonly StoredVector[], published: readonly StoredVector[]): void {
  const sorted = [...published].sort(byId);
  const described = (some: readonly StoredVector[]) =>
    some.map(({ id, document, metadata }) => ({ id, document, metadata }));
  expect(described(found)).toEqual(described(sorted));
  const other = found.filter(
    ({ vector }, at) => !isSameVector(vector, sorted[at]?.vector ?? new Float32Array()),
  );
  expect(other).toEqual([]);
}

async function rename(image: number, merchant: string): Promise<void> {
  const [shard] = rig.shards;
  shard?.announce([await shard.put(itemsOf(image).metadata, { merchant_name: merchant })]);
  await rig.publish([]);
}

async function removeReceipt(image: number): Promise<void> {
  const [shard] = rig.shards;
  await shard?.put(itemsOf(image).receipt);
  shard?.announce([await shard.remove(itemsOf(image).receipt)]);
  await rig.publish([]);
}

/** Deltas of images that a shard holds. */
function deltasIn(shard: "lines-1of2" | "lines-2of2", count: number): Delta[] {
  const numbers = Array.from({ length: 50 }, (_, n) => n).filter((n) => holdsShardKey(shard, imageId(n)));
  return numbers.slice(0, count).map((n) => deltaOf(n, `run-${n}`, [`milk ${n}`, `bread ${n}`]));
}

describe("a snapshot", () => {
  test("is what is published, of base and segments, and a later release of Chroma opens it", async () => {
    rig = await SnapshotRig.start(services);
    const [shard] = rig.shards;
    await rig.publish([milk, tea]);
    await rig.fold();
    await rig.publish([eggs]);
    await rename(1, "CAFE");
    await removeReceipt(2);
    const published = (await shard?.publishedVectors([milk, eggs])) ?? [];
    expect(published).toHaveLength(4);
    const outcome = await rig.export();
    expect(outcome).toMatchObject({
      state: "written",
      latest: { sequence: 1, generations: { lines: await shard?.head() } },
      manifest: { vectors: 4, chroma: "1.3.1", embedding: { model, dimensions, distance: "cosine" } },
    });
    expectSame(await everything(), published);
    expectSame(await everything(await chromaLibrary()), published);
  });

  test("finds by Chroma's own query what is nearest among what is published, with its metadata", async () => {
    rig = await SnapshotRig.start(services);
    await rig.publish([milk, tea, eggs]);
    await rename(3, "FARM");
    await rig.export();
    const texts = ["milk", "bread", "tea", "cake", "jam", "eggs", "salt"];
    await rig.read(async (collection) => {
      const answer = await collection.query({
        queryEmbeddings: texts.map(vectorOf),
        nResults: texts.length,
        include: ["documents", "distances"],
      });
      const expected = texts.map((text) => ranked(text, texts));
      expect(answer.rows().map((hits) => hits.map(({ document }) => document))).toEqual(expected);
      const [ofFarm] = (
        await collection.query({
          queryEmbeddings: [vectorOf("milk")],
          nResults: 5,
          where: { merchant_name: "FARM" },
        })
      ).rows();
      expect(ofFarm?.map(({ document }) => document).sort()).toEqual(["eggs", "salt"]);
    });
  });

  test("of several shards is one collection with the vectors of all", async () => {
    rig = await SnapshotRig.start(services, ["lines-1of2", "lines-2of2"]);
    const [one, other] = rig.shards;
    const first = deltasIn("lines-1of2", 4);
    const second = deltasIn("lines-2of2", 3);
    await rig.publish(first, one);
    await rig.fold(one);
    await rig.publish(second.slice(0, 2), other);
    await rig.fold(other);
    await rig.publish(second.slice(2), other);
    const outcome = await rig.export();
    const generations = { "lines-1of2": await one?.head(), "lines-2of2": await other?.head() };
    expect(outcome).toMatchObject({ state: "written", latest: { generations }, manifest: { vectors: 14 } });
    const published = [
      ...((await one?.publishedVectors(first)) ?? []),
      ...((await other?.publishedVectors(second)) ?? []),
    ];
    expectSame(await everything(), published);

    const [, , changed] = second;
    if (other === undefined || changed === undefined) throw new Error("There are three in the other shard.");
    other.bucket.delete(deltaKey(deltaPrefix(changed)));
    await rig.publish(deltasIn("lines-1of2", 5).slice(4), one);
    await expect(rig.export()).rejects.toThrow(/The published vectors of IMAGE#.* cannot be read/);
  });

  test("of a collection from which everything was removed is an empty one, and of nothing there is none", async () => {
    rig = await SnapshotRig.start(services);
    expect(await rig.export()).toEqual({ state: "nothing" });
    expect(await rig.keys()).toEqual([]);
    await rig.publish([milk]);
    await rig.fold();
    await removeReceipt(1);
    expect(await rig.export()).toMatchObject({ state: "written", manifest: { vectors: 0 } });
    expect(await everything()).toEqual([]);
  });

  test("is not written again while nothing else is published", async () => {
    rig = await SnapshotRig.start(services);
    await rig.publish([milk]);
    const first = await rig.export();
    const keys = await rig.keys();
    expect(await rig.export()).toEqual({ state: "current", latest: (first as { latest: object }).latest });
    expect(await rig.keys()).toEqual(keys);
  });

  test("is kept beside as many others as a setting says, and what interrupted exports left is removed", async () => {
    rig = await SnapshotRig.start(services);
    await rig.publish([milk]);
    await rig.export();
    const uploaded = { onStep: (step: string) => step === "write the manifest" && fail("killed") };
    for (const merchant of ["ONE", "TWO", "THREE"]) {
      await rename(1, merchant);
      await expect(rig.export(uploaded)).rejects.toThrow("killed");
      await rig.export();
    }
    const latest = await rig.store.latest();
    expect(latest?.pointer).toMatchObject({ sequence: 4, kept: [expect.any(String), expect.any(String)] });
    const kept = latest?.pointer.kept.flatMap((name) =>
      ["chroma.tar.zst", "manifest.json"].map((file) => `lines/${name}/${file}`),
    );
    expect((await rig.keys()).sort()).toEqual([...(kept ?? []), "lines/latest.json"].sort());
  });

  test("of which a part cannot be uploaded leaves no object", async () => {
    rig = await SnapshotRig.start(services);
    let parts = 0;
    const send = rig.s3.send.bind(rig.s3) as (command: object) => Promise<unknown>;
    jest.spyOn(rig.s3, "send").mockImplementation(async (command: object) => {
      if (command instanceof UploadPartCommand && ++parts === 2) throw new Error("The part is lost.");
      return send(command);
    });
    const archive = Readable.from([randomBytes(20 * 1024 * 1024), randomBytes(20 * 1024 * 1024)]);
    await expect(rig.store.putArchive("00000001-00000000", archive)).rejects.toThrow("The part is lost.");
    jest.restoreAllMocks();
    expect(await rig.keys()).toEqual([]);
  });

  test("is refused before anything is written where disk, memory or time do not suffice", async () => {
    rig = await SnapshotRig.start(services);
    await rig.publish([milk]);
    await expect(rig.export({ memoryMiB: 128 })).rejects.toThrow(SnapshotTooLargeError);
    await expect(rig.export({}, -1)).rejects.toThrow(SnapshotOverdueError);
    expect(await rig.keys()).toEqual([]);
  });
});

function ranked(text: string, texts: readonly string[]): string[] {
  const cosine = (one: number[], other: number[]) => {
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
    return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
  };
  const own = vectorOf(text);
  return [...texts].sort((a, b) => cosine(own, vectorOf(b)) - cosine(own, vectorOf(a)));
}

function fail(message: string): never {
  throw new Error(message);
}

test("each export says by how much the newest snapshot is outdated, so that one that never runs says nothing", async () => {
  rig = await SnapshotRig.start(services);
  const values: number[] = [];
  const collectionMetrics: Metrics = { ...silentMetrics, gauge: (_, value) => void values.push(value) };
  const scheduled = async (changed: Partial<ExportDeps> = {}) =>
    scheduledExport(
      { ...(await rig.deps(changed)), metrics: silentMetrics, collectionMetrics },
      monotonicClock.now() + 60_000,
    );
  await scheduled();
  await rig.publish([milk]);
  await scheduled();
  await scheduled();
  expect(values).toEqual([0, 0, 0]);
  await rig.publish([tea]);
  const later = { now: () => Date.now() + 7_200_000, scratch: "/dev/null/none" };
  await expect(scheduled(later)).rejects.toThrow();
  expect(values).toHaveLength(4);
  expect(values[3]).toBeGreaterThanOrEqual(7_200);
  await scheduled();
  expect(values[4]).toBe(0);
});
