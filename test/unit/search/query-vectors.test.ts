import type { Embedder, Purpose, VectorBytes } from "../../../core/embedding/embedder.ts";
import { QueryVectors } from "../../../core/search/query-vectors.ts";
import { QueryNotEmbeddedError } from "../../../core/search/search-errors.ts";

/** Embeds a text as the float32 pair [its length, 0.5] and remembers what it was asked. */
class LengthEmbedder implements Embedder {
  readonly model = "length";
  readonly dimensions = 2;
  readonly asked: string[] = [];
  readonly purposes = new Set<Purpose | undefined>();
  failing = false;

  async embed(texts: readonly string[], purpose?: Purpose): Promise<VectorBytes[]> {
    this.asked.push(...texts);
    this.purposes.add(purpose);
    if (this.failing) throw new RangeError("connect ECONNREFUSED");
    return texts.map((text) => {
      const padded = new Uint8Array(9);
      new DataView(padded.buffer).setFloat32(1, text.length, true);
      new DataView(padded.buffer).setFloat32(5, 0.5, true);
      return padded.subarray(1);
    });
  }
}

function remembering(remembered: number) {
  const embedder = new LengthEmbedder();
  return { embedder, vectors: new QueryVectors(embedder, remembered) };
}

test("a text becomes the numbers of its vector, wherever its bytes lie in their buffer", async () => {
  expect(await remembering(10).vectors.of("total")).toEqual([5, 0.5]);
});

test("a text is embedded as a query, which some models embed differently from documents", async () => {
  const { embedder, vectors } = remembering(10);
  await vectors.of("total");
  expect([...embedder.purposes]).toEqual(["query"]);
});

test("equal texts are embedded once, also when they are asked at the same time", async () => {
  const { embedder, vectors } = remembering(10);
  await Promise.all([vectors.of("total"), vectors.of("total")]);
  await vectors.of("total");
  expect(embedder.asked).toEqual(["total"]);
});

test("the text that was used longest ago is forgotten first", async () => {
  const { embedder, vectors } = remembering(2);
  for (const text of ["a", "b", "a", "c", "a", "b"]) await vectors.of(text);
  expect(embedder.asked).toEqual(["a", "b", "c", "b"]);
});

test("a failure is named and not remembered", async () => {
  const { embedder, vectors } = remembering(10);
  embedder.failing = true;
  await expect(vectors.of("total")).rejects.toThrow(QueryNotEmbeddedError);
  await expect(vectors.of("total")).rejects.toThrow(/ECONNREFUSED/);
  embedder.failing = false;
  expect(await vectors.of("total")).toEqual([5, 0.5]);
});
