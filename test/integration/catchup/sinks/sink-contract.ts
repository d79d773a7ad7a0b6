import type { SinkVector, VectorSink } from "../../../../core/catchup/index/vector-sink.ts";

/** A vector as a sink holds it. */
export interface HeldVector {
  readonly values: readonly number[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A sink in front of a real service, which holds vectors of `sinkDimensions`. */
export interface SinkUnderTest {
  readonly sink: VectorSink;
  /** What the service holds, read without the sink. */
  held(namespace: string): Promise<Map<string, HeldVector>>;
  /** A sink whose caller the service refuses. */
  readonly refused: VectorSink;
  /** A sink of a service that is not there. */
  readonly unreachable: VectorSink;
  stop(): Promise<void>;
}

export const sinkDimensions = 4;

const text = (id: string) => `Text ${id}, “quoted” é 漢\n`;

export function vectorOf(id: string, more: Partial<SinkVector> = {}): SinkVector {
  return {
    id,
    vector: bytesOf([0.5, -0.25, 0.123456789, 1]),
    metadata: { text: text(id), id, amount: 12.5, paid: true },
    ...more,
  };
}

export function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** What every sink of catch-up does, whatever service it writes to. */
export function sinkContract(name: string, underTest: () => SinkUnderTest): void {
  describe(`the contract of a sink, kept by ${name}`, () => {
    let service: SinkUnderTest;
    let sink: VectorSink;
    let namespaces = 0;
    let namespace: string;
    beforeAll(() => {
      service = underTest();
      sink = service.sink;
    });
    beforeEach(() => {
      namespaces += 1;
      namespace = `Contract ${namespaces}`.replace(" ", "_");
    });

    test("its vectors are held by id with their numbers and all of their metadata", async () => {
      await sink.upsert(namespace, [vectorOf("12.1"), vectorOf("12.2")]);
      const held = await service.held(namespace);
      expect([...held.keys()].sort()).toEqual(["12.1", "12.2"]);
      const { values = [], metadata } = held.get("12.1") ?? {};
      expect(metadata).toEqual(vectorOf("12.1").metadata);
      [0.5, -0.25, 0.123456789, 1].forEach((value, at) => {
        expect(values[at]).toBeCloseTo(value, 7);
      });
    });

    test("a vector that is upserted again replaces the one of its id, metadata that it no longer has included", async () => {
      await sink.upsert(namespace, [vectorOf("12.1"), vectorOf("12.2")]);
      const changed = vectorOf("12.1", {
        vector: bytesOf([1, 0, 0, 0]),
        metadata: { text: "new", id: "12.1" },
      });
      await sink.upsert(namespace, [changed]);
      const held = await service.held(namespace);
      expect(held.size).toBe(2);
      expect(held.get("12.1")).toEqual({ values: [1, 0, 0, 0], metadata: changed.metadata });
      expect(held.get("12.2")?.metadata).toEqual(vectorOf("12.2").metadata);
    });

    test("namespaces do not share ids, and names that differ in case or signs alone are different", async () => {
      const others = [namespace.toLowerCase(), namespace.replace("_", "-"), `${namespace}!`];
      for (const one of [namespace, ...others]) {
        await sink.upsert(one, [vectorOf("12.1", { metadata: { text: one } })]);
      }
      for (const one of [namespace, ...others]) {
        expect((await service.held(one)).get("12.1")?.metadata).toEqual({ text: one });
      }
    });

    test("several first upserts of a namespace at once all arrive", async () => {
      const ids = Array.from({ length: 6 }, (_, n) => `12.${n}`);
      await Promise.all(ids.map((id) => sink.upsert(namespace, [vectorOf(id)])));
      expect([...(await service.held(namespace)).keys()].sort()).toEqual(ids);
    });

    test("a batch as large as its limits is one upsert", async () => {
      const { vectors, bytes, metadataBytes } = sink.limits;
      const perVector = Math.min(metadataBytes - 300, Math.floor(bytes / vectors) - 100);
      const batch = Array.from({ length: vectors }, (_, n) =>
        vectorOf(`12.${n}`, { metadata: { text: "x".repeat(Math.max(1, perVector)) } }),
      );
      await sink.upsert(namespace, batch);
      expect((await service.held(namespace)).size).toBe(vectors);
    });

    test("content hashes are those of existing vectors that have one, for any number of ids", async () => {
      const ids = Array.from({ length: 230 }, (_, n) => `12.${n}`);
      const vectors = ids.map((id, n) =>
        vectorOf(id, { metadata: { text: "a", ...(n % 2 === 0 && { content_hash: `hash ${n}` }) } }),
      );
      await sink.upsert(namespace, vectors);
      const hashes = await sink.contentHashes(namespace, [...ids, "12.none"]);
      expect(hashes.size).toBe(115);
      expect(hashes.get("12.228")).toBe("hash 228");
    });

    test("a namespace that nothing was written to has no content hashes, and nothing to delete", async () => {
      expect((await sink.contentHashes("never written", ["12.1"])).size).toBe(0);
      await sink.delete("never written", ["12.1"]);
    });

    test("deleted vectors are gone, the others stay, and ids that do not exist are ignored", async () => {
      const ids = Array.from({ length: 5 }, (_, n) => `12.${n}`);
      await sink.upsert(
        namespace,
        ids.map((id) => vectorOf(id)),
      );
      await sink.delete(namespace, ["12.0", "12.3", "12.none"]);
      await sink.delete(namespace, ["12.0"]);
      expect([...(await service.held(namespace)).keys()].sort()).toEqual(["12.1", "12.2", "12.4"]);
    });

    test("a namespace that nothing was written to is not in use", async () => {
      expect(await sink.describe("never written")).toMatchObject({ isUsed: false });
    });

    test("a namespace with vectors is in use and has their dimension", async () => {
      await sink.upsert(namespace, [vectorOf("12.1")]);
      expect(await sink.describe(namespace)).toEqual({ dimension: sinkDimensions, isUsed: true });
    });

    test("a vector of another dimension is refused, with its batch and without a trace", async () => {
      await sink.upsert(namespace, [vectorOf("12.1")]);
      const batch = [vectorOf("12.2"), vectorOf("12.3", { vector: bytesOf([1, 2]) })];
      await expect(sink.upsert(namespace, batch)).rejects.toMatchObject({ name: "VectorsRefusedError" });
      expect([...(await service.held(namespace)).keys()]).toEqual(["12.1"]);
    });

    test("a caller that the service refuses is told so, and by which sink", async () => {
      const { refused } = service;
      for (const call of [
        () => refused.upsert(namespace, [vectorOf("12.1")]),
        () => refused.contentHashes(namespace, ["12.1"]),
        () => refused.describe(namespace),
      ]) {
        const failure = await call().catch((error: Error) => error);
        expect(failure).toMatchObject({ name: "IndexNotAllowedError" });
        expect((failure as Error).message).toContain(`${name} refuses`);
      }
    });

    test("a service that is not there is an outage, in the name of the sink", async () => {
      const failure = await service.unreachable.upsert(namespace, [vectorOf("12.1")]).catch((error) => error);
      expect(failure).toMatchObject({ name: "IndexUnavailableError" });
      expect(failure.message).toContain(`${name} could not be reached`);
    });
  });
}
