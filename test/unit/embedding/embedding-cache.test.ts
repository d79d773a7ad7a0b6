import type { CacheSpace } from "../../../core/embedding/cache/cache-space.ts";
import { EmbeddingCache } from "../../../core/embedding/cache/embedding-cache.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { MemoryObjects } from "../catchup/memory-objects.ts";

const space: CacheSpace = {
  provider: "api.openai.com",
  model: "text-embedding-3-small",
  dimensions: 4,
  textFormat: "text/1",
};

let objects: MemoryObjects;
let now: number;
let faults: number;

beforeEach(() => {
  objects = new MemoryObjects();
  now = Date.parse("2026-11-25T12:00:00Z");
  faults = 0;
});

/** The cache as a process opens it. */
function opened(): EmbeddingCache {
  const count = () => {
    faults += 1;
  };
  const metrics = { ...silentMetrics, count };
  return new EmbeddingCache({ objects, clock: { now: () => now++ }, metrics, log: silentLog });
}

function vector(seed: number, dimensions = 4): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: dimensions }, (_, n) => seed + n / 8).buffer);
}

function vectorsOf(count: number, from = 0): Map<string, Uint8Array> {
  return new Map(Array.from({ length: count }, (_, n) => [`text ${from + n}`, vector(from + n + 1)]));
}

function packKeys(): string[] {
  return objects.keys("vectors/");
}

/** Changes one byte of the only pack; from its end if negative. */
function harm(at: number): void {
  const [key = ""] = packKeys();
  const content = Buffer.from(objects.objects.get(key) ?? "");
  const place = at < 0 ? content.length + at : at;
  content[place] = (content[place] ?? 0) ^ 1;
  objects.put(key, content);
}

test("another process finds every vector, whatever the order and the company of the texts", async () => {
  const vectors = vectorsOf(20);
  await opened().keep(new Map([...vectors].slice(0, 12)), space);
  await opened().keep(new Map([...vectors].slice(12)), space);
  const asked = ["unknown", ...[...vectors.keys()].reverse(), "another"];
  expect(await opened().find(asked, space)).toEqual(vectors);
  expect(faults).toBe(0);
});

test("what one process has listed, it finds when another has added to it", async () => {
  const first = opened();
  expect(await first.find(["text 0"], space)).toEqual(new Map());
  await opened().keep(vectorsOf(1), space);
  expect(await first.find(["text 0"], space)).toEqual(vectorsOf(1));
});

test.each([
  { provider: "localhost:8080" },
  { model: "text-embedding-3-large" },
  { dimensions: 8 },
  { textFormat: "text/2" },
])("vectors of another space are not found: %j", async (changed) => {
  await opened().keep(vectorsOf(3), space);
  expect(await opened().find(vectorsOf(3).keys(), { ...space, ...changed })).toEqual(new Map());
});

test("a pack that is copied into another space answers nothing there", async () => {
  await opened().keep(vectorsOf(3), space);
  const other = { ...space, textFormat: "text/2" };
  await opened().keep(new Map([["own", vector(9)]]), other);
  const [own = "", copied = ""] = packKeys().sort((a, b) => a.length - b.length);
  for (const [to, from] of [
    [own, copied],
    [copied, own],
  ] as const) {
    const content = objects.objects.get(from) ?? "";
    objects.put(`${to.slice(0, to.lastIndexOf("/"))}/copy`, content);
  }
  expect([...(await opened().find([...vectorsOf(3).keys()], other)).keys()]).toEqual([]);
  expect(await opened().find([...vectorsOf(3).keys(), "own"], space)).toEqual(vectorsOf(3));
});

test("one request writes the vectors of a chunk, and two read them back: the head, and the vectors", async () => {
  await opened().keep(vectorsOf(500), space);
  expect(packKeys()).toHaveLength(1);
  const process = opened();
  objects.ranges.length = 0;
  await process.find(vectorsOf(500).keys(), space);
  expect(objects.ranges).toHaveLength(2);
  await process.find(vectorsOf(100, 200).keys(), space);
  expect(objects.ranges).toHaveLength(3);
});

test("only vectors that the cache does not have are written", async () => {
  await opened().keep(vectorsOf(3), space);
  await opened().keep(vectorsOf(3), space);
  expect(packKeys()).toHaveLength(1);
  await opened().keep(vectorsOf(4), space);
  const entry = 4 * 4 + 8 + 16;
  const sizes = packKeys().map((key) => objects.objects.get(key)?.length);
  expect(sizes).toEqual([48 + entry, 48 + 3 * entry]);
});

test("F67: a pack of which any byte is changed answers nothing wrong, and is counted", async () => {
  await opened().keep(vectorsOf(2), space);
  const length = objects.objects.get(packKeys()[0] ?? "")?.length ?? 0;
  const whole = Buffer.from(objects.objects.get(packKeys()[0] ?? "") ?? "");
  for (let at = 0; at < length; at += 1) {
    objects.put(packKeys()[0] ?? "", whole);
    harm(at);
    faults = 0;
    const found = await opened().find(vectorsOf(2).keys(), space);
    expect(found.size).toBeLessThan(2);
    for (const [text, bytes] of found) expect(bytes).toEqual(vectorsOf(2).get(text));
    expect(faults).toBe(1);
  }
});

test("F67: a corrupt vector that is paid again is found in the newer pack from then on", async () => {
  await opened().keep(vectorsOf(2), space);
  harm(-1);
  const process = opened();
  expect(await process.find(["text 1"], space)).toEqual(new Map());
  await process.keep(vectorsOf(1, 1), space);
  expect(await opened().find(["text 1"], space)).toEqual(vectorsOf(1, 1));
});

test.each([0, 1, 40, 47, 100])("F67: a pack that is cut to %d bytes answers nothing", async (length) => {
  await opened().keep(vectorsOf(3), space);
  const [key = ""] = packKeys();
  objects.put(key, (objects.objects.get(key) ?? Buffer.alloc(0)).subarray(0, length));
  expect(await opened().find(vectorsOf(3).keys(), space)).toEqual(new Map());
  expect(faults).toBe(1);
});

test("F67: a bucket that cannot be read or written is counted and fails nobody", async () => {
  const refuse = () => {
    throw new Error("AccessDenied");
  };
  objects.write = refuse;
  await opened().keep(vectorsOf(1), space);
  objects.list = refuse;
  expect(await opened().find(["text 0"], space)).toEqual(new Map());
  expect(faults).toBe(2);
});

test("F67: packs that two processes write at once both answer, each with a vector of the text", async () => {
  const [one, other] = [opened(), opened()];
  await Promise.all([one.find(["a"], space), other.find(["a"], space)]);
  await Promise.all([
    one.keep(new Map([["a", vector(1)]]), space),
    other.keep(new Map([["a", vector(2)]]), space),
  ]);
  const found = (await opened().find(["a"], space)).get("a");
  expect([vector(1), vector(2)]).toContainEqual(found);
});

test("a lookup of few texts in a cache of many packs makes few requests, and finds what is newest", async () => {
  for (let n = 0; n < 60; n += 1) await opened().keep(vectorsOf(1, n), space);
  objects.ranges.length = 0;
  const found = await opened().find(["text 0", "text 59"], space);
  expect([...found.keys()]).toEqual(["text 59"]);
  expect(objects.ranges.length).toBeLessThanOrEqual(20);
});

test("vectors that expire are not found, and do not disturb", async () => {
  const process = opened();
  await process.keep(vectorsOf(2), space);
  await process.keep(vectorsOf(2, 2), space);
  await process.find(vectorsOf(4).keys(), space);
  const [, oldest = ""] = packKeys();
  objects.objects.delete(oldest);
  expect(await process.find(vectorsOf(4).keys(), space)).toEqual(vectorsOf(2, 2));
  expect(faults).toBe(0);
});

test("texts far apart in a large pack are read alone, not all that lies between them", async () => {
  const wide = { ...space, dimensions: 1536 };
  const many = new Map(Array.from({ length: 600 }, (_, n) => [`text ${n}`, vector(n + 1, 1536)]));
  await opened().keep(many, wide);
  objects.ranges.length = 0;
  const asked = ["text 0", "text 1", "text 599"];
  expect([...(await opened().find(asked, wide)).keys()].sort()).toEqual(asked.sort());
  const bytes = objects.ranges.map((range) => {
    const [first = 0, last = 0] = (range.split(" ")[1] ?? "").split("-").map(Number);
    return last - first;
  });
  expect(bytes).toHaveLength(3);
  expect(bytes.reduce((sum, one) => sum + one)).toBeLessThan(50_000);
});
