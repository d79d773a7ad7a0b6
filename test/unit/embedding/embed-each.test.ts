import { type EmbeddedText, embedEach, RequestSize } from "../../../core/embedding/embed-each.ts";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { EmbeddingRefusedError } from "../../../core/embedding/embedding-errors.ts";

/** Answers a text with its own bytes, and refuses what a rule says. */
class StrictEmbedder implements Embedder {
  readonly model = "strict";
  readonly dimensions = 1;
  readonly sizes: number[] = [];
  readonly #refuses: (texts: readonly string[]) => string | undefined;

  constructor(refuses: (texts: readonly string[]) => string | undefined) {
    this.#refuses = refuses;
  }

  async embed(texts: readonly string[]) {
    this.sizes.push(texts.length);
    const words = this.#refuses(texts);
    if (words !== undefined) throw new EmbeddingRefusedError(this.model, new Error(words));
    return texts.map((text) => Buffer.from(text));
  }
}

const texts = (count: number) => Array.from({ length: count }, (_, n) => `text ${n}`);
const back = (embedded: readonly EmbeddedText[]) =>
  embedded.map(({ vector }) => (vector === undefined ? "refused" : Buffer.from(vector).toString()));

test("F31: a refusal that every text shares stops after two requests, and blames no text", async () => {
  const embedder = new StrictEmbedder(() => "API key not valid.");
  await expect(embedEach(texts(256), embedder, new RequestSize())).rejects.toMatchObject({
    name: "EmbeddingNotAllowedError",
    message: expect.stringContaining("it refuses every text: API key not valid."),
  });
  expect(embedder.sizes).toEqual([256, 1]);
});

test("one text that the provider refuses is found by bisection, and all others have their vectors", async () => {
  const embedder = new StrictEmbedder((some) => (some.includes("text 77") ? "bad input" : undefined));
  const embedded = await embedEach(texts(256), embedder, new RequestSize());
  expect(back(embedded)).toEqual(texts(256).map((text) => (text === "text 77" ? "refused" : text)));
  expect(embedder.sizes.length).toBeLessThanOrEqual(2 + 2 * 8);
});

test("F34: a provider that takes 250 inputs is learned from its refusals, once", async () => {
  const embedder = new StrictEmbedder((some) => (some.length > 250 ? "at most 250 inputs" : undefined));
  const size = new RequestSize();
  expect(back(await embedEach(texts(2_048), embedder, size))).toEqual(texts(2_048));
  expect(size.inputs).toBe(128);
  embedder.sizes.length = 0;
  expect(back(await embedEach(texts(300), embedder, size))).toEqual(texts(300));
  expect(embedder.sizes).toEqual([128, 128, 44]);
});

test("a bad text does not make later requests smaller", async () => {
  const embedder = new StrictEmbedder((some) => (some.includes("text 1") ? "bad input" : undefined));
  const size = new RequestSize();
  await embedEach(texts(8), embedder, size);
  expect(size.inputs).toBe(2_048);
});

test("a failure that is no refusal is thrown as it is", async () => {
  const embedder = new StrictEmbedder(() => undefined);
  embedder.embed = () => Promise.reject(new TypeError("a bug"));
  await expect(embedEach(["a"], embedder, new RequestSize())).rejects.toThrow("a bug");
});
