import fc from "fast-check";
import { updateBodies } from "../../../core/collections/chroma/update-batches.ts";

const changes = fc
  .array(fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 60, unit: "grapheme" })), {
    maxLength: 40,
  })
  .map((some) => new Map(some.map(([id, address]) => [id, { address, gone: null }])));

test("F30: updates are sliced by bytes and by count, none is lost, and only one that is larger alone goes over", () => {
  fc.assert(
    fc.property(changes, (some) => {
      const bodies = [...updateBodies(some, { maxCount: 7, maxBytes: 300 })];
      const parsed = bodies.map((body) => JSON.parse(body) as { ids: string[]; metadatas: object[] });
      const all = parsed.flatMap(({ ids, metadatas }) => ids.map((id, at) => [id, metadatas[at]]));
      expect(all).toEqual([...some]);
      for (const [at, { ids }] of parsed.entries()) {
        expect(ids.length).toBeLessThanOrEqual(7);
        if (ids.length > 1) expect(Buffer.byteLength(bodies[at] ?? "")).toBeLessThanOrEqual(300 + 24);
      }
    }),
  );
});

test("nothing to change is no request", () => expect([...updateBodies(new Map())]).toEqual([]));
