import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { postUpsert } from "../../../core/collections/chroma/upsert-request.ts";
import type { DeltaPart } from "../../../core/collections/chroma/vector-store.ts";
import { maxBytes, maxVectors, SliceBuilder } from "../../../core/collections/merge/delta-batches.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { sampled } from "../../faults/seeds.ts";
import { deltaOf, vectorOf } from "../../unit/collections/sample-deltas.ts";

/** The size of the slice's body, as it is sent. */
function bodyBytes(slice: readonly DeltaPart[]): number {
  return slice.reduce((sum, { delta, from, to }) => {
    const records = [delta.ids, delta.documents, delta.metadatas].map((all) =>
      JSON.stringify(all.slice(from, to)),
    );
    const embeddings = (to - from) * (4 * Math.ceil((delta.dimensions * 4) / 3) + 3);
    return sum + Buffer.byteLength(records.join("")) + embeddings;
  }, 0);
}

/** A delta of `count` vectors of maximum size; their numbers do not matter here. */
function heavyDelta(image: number, count: number, dimensions: number, document: string): Delta {
  return {
    ...deltaOf(image, "run", []),
    dimensions,
    ids: new Array<string>(count).fill("id"),
    documents: new Array<string>(count).fill(document),
    metadatas: new Array(count).fill({
      text: document,
      merchant_name: "CAFE",
      line_id: 1,
      x: 0.123456789012345,
    }),
  };
}

describe("slices of deltas", () => {
  test("hold every vector once, in order, cut no delta that fits, and stay within what Chroma takes", () => {
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 3 * maxVectors })),
      { maxLength: 20 },
    );
    const kinds = fc.record({
      counts: lengths,
      dimensions: fc.constantFrom(8, 512, 1536, 4096),
      document: fc.constantFrom("", "milk", 'Brötchen 🥖 "fresh"', "long ".repeat(300)),
    });
    fc.assert(
      fc.property(kinds, ({ counts, dimensions, document }) => {
        const deltas = counts.map((count, image) => heavyDelta(image, count, dimensions, document));
        const builder = new SliceBuilder();
        const slices = [...deltas.flatMap((delta) => [...builder.add(delta)]), ...builder.rest()];
        const covered = new Map(deltas.map((delta) => [delta, 0]));
        for (const part of slices.flat()) {
          expect(part.from).toBe(covered.get(part.delta));
          covered.set(part.delta, part.to);
        }
        expect([...covered.values()]).toEqual(counts);
        for (const slice of slices) {
          expect(slice.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThanOrEqual(maxVectors);
          expect(bodyBytes(slice)).toBeLessThan(40 * 1024 * 1024);
        }
        const cut = slices.flat().filter(({ delta, from, to }) => to - from < delta.ids.length);
        for (const { delta } of cut) {
          const whole = { delta, from: 0, to: delta.ids.length };
          expect(delta.ids.length > maxVectors || bodyBytes([whole]) > 0.75 * maxBytes).toBe(true);
        }
      }),
      { numRuns: sampled(20) },
    );
  });

  test("are as large as Chroma takes them where vectors are short", () => {
    const [first] = new SliceBuilder().add(heavyDelta(1, 2 * maxVectors, 512, "milk"));
    expect(first).toMatchObject([{ from: 0, to: maxVectors }]);
  });
});

describe("an upsert request", () => {
  test("is the JSON that Chroma reads, with base64 embeddings of the parts' vectors", async () => {
    const bodies: string[] = [];
    const server = createServer(async (incoming, answer) => {
      bodies.push(await text(incoming));
      answer.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const one = deltaOf(1, "a", ['say "milk"', "Brötchen 🥖\n", "tea"]);
    const other = deltaOf(
      2,
      "b",
      Array.from({ length: 200 }, (_, line) => `line ${line}`),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/upsert`;
    const parts = [
      { delta: one, from: 1, to: 3 },
      { delta: other, from: 0, to: 200 },
    ];
    expect(await postUpsert(url, parts)).toEqual({ status: 200, text: "{}" });
    server.close();
    const body = JSON.parse(bodies[0] ?? "");
    const documents = [...one.documents.slice(1), ...other.documents];
    expect(body.ids).toEqual([...one.ids.slice(1), ...other.ids]);
    expect(body.documents).toEqual(documents);
    expect(body.metadatas).toEqual([...one.metadatas.slice(1), ...other.metadatas]);
    const vectors = body.embeddings.map((base64: string) => {
      const bytes = new Uint8Array(Buffer.from(base64, "base64"));
      return [...new Float32Array(bytes.buffer)];
    });
    expect(vectors).toEqual(documents.map(vectorOf));
  });
});
