import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { SliceBuilder, vectorsAnUpsert } from "../../../core/collections/delta-slices.ts";
import { postUpsert } from "../../../core/collections/upsert-request.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaOf, dimensions, vectorOf } from "./sample-deltas.ts";

describe("slices of deltas", () => {
  test("hold every vector once, in order, cut no delta that fits, and stay within the size", () => {
    const size = vectorsAnUpsert(dimensions);
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 3 * size })),
      {
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(lengths, (counts) => {
        const deltas = counts.map(
          (count, image): Delta => ({
            ...deltaOf(image, "run", []),
            ids: new Array<string>(count).fill("id"),
          }),
        );
        const builder = new SliceBuilder();
        const slices = [...deltas.flatMap((delta) => [...builder.add(delta)]), ...builder.rest()];
        const covered = new Map(deltas.map((delta) => [delta, 0]));
        for (const part of slices.flat()) {
          expect(part.from).toBe(covered.get(part.delta));
          covered.set(part.delta, part.to);
          if (part.delta.ids.length <= size) expect([part.from, part.to]).toEqual([0, part.delta.ids.length]);
        }
        expect([...covered.values()]).toEqual(counts);
        for (const slice of slices) {
          expect(slice.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThanOrEqual(size);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("are smaller where vectors are longer, so that a body stays below 40 MiB", () => {
    expect(vectorsAnUpsert(512)).toBe(4_500);
    for (const dimensions of [1536, 3072, 4096, 65_536]) {
      expect(vectorsAnUpsert(dimensions) * ((dimensions * 16) / 3 + 600)).toBeLessThan(40 * 1024 * 1024);
    }
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
