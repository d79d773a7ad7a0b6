import type OpenAI from "openai";
import type { VectorBytes } from "./embedder.ts";
import {
  EmbeddingAnswerInvalidError,
  VectorsUnusableError,
  VectorUnusableError,
  WrongDimensionsError,
} from "./embedding-errors.ts";
import { vectorProblem } from "./vector-rule.ts";

/** A vector as the SDK returns it. Some providers omit an index of zero. */
type Base64Vector = Omit<OpenAI.Embedding, "embedding" | "index"> & { embedding: string; index?: number };
export type Base64Answer = Omit<OpenAI.CreateEmbeddingResponse, "data"> & { data: Base64Vector[] };

interface Space {
  readonly model: string;
  readonly dimensions: number;
}

/**
 * One vector per text, as views into one buffer for the whole response: thousands of small buffers would cost more than
 * decoding. Throws EmbeddingAnswerInvalidError, WrongDimensionsError if no vector has the stack's dimensions, and
 * VectorsUnusableError if some vectors are invalid (F33).
 */
export function vectorsIn(answer: Base64Answer | undefined, count: number, space: Space): VectorBytes[] {
  const data = Array.isArray(answer?.data) ? answer.data : undefined;
  if (data?.length !== count) throw invalid(space, `${data?.length ?? "no"} vectors for ${count} texts`);
  const length = space.dimensions * 4;
  const bytes = Buffer.allocUnsafeSlow(count * length);
  const given = data.map((vector, position) => bytesIn(vector, position, space));
  if (given.every((one) => one !== length))
    throw new WrongDimensionsError(space.model, space.dimensions, given[0] ?? 0);
  const vectors = data.map(({ embedding }, position): VectorBytes | VectorUnusableError => {
    if (given[position] !== length) {
      return new VectorUnusableError(
        space.model,
        `it has ${(given[position] ?? 0) / 4} dimensions, not ${space.dimensions}`,
      );
    }
    const start = position * length;
    if (bytes.write(embedding, start, length, "base64") !== length) {
      throw invalid(space, `vector ${position} is not base64`);
    }
    const problem = vectorProblem(new Float32Array(bytes.buffer, start, space.dimensions));
    return problem === undefined
      ? bytes.subarray(start, start + length)
      : new VectorUnusableError(space.model, problem);
  });
  const usable = vectors.filter((vector): vector is VectorBytes => !(vector instanceof VectorUnusableError));
  if (usable.length < count) throw new VectorsUnusableError(vectors);
  return usable;
}

/** The length of a vector in bytes, after checking its index. */
function bytesIn(vector: Base64Vector | null, position: number, space: Space): number {
  const { embedding, index = position } = vector ?? {};
  if (index !== position) throw invalid(space, `vector ${index} is at position ${position}`);
  if (typeof embedding !== "string") throw invalid(space, "the vectors are not base64");
  return Buffer.byteLength(embedding, "base64");
}

function invalid({ model }: Space, what: string): EmbeddingAnswerInvalidError {
  return new EmbeddingAnswerInvalidError(model, what);
}
