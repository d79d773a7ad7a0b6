import type { Model } from "../embeddings/cached-model.ts";
import type { Embedded } from "../embeddings/model-pool.ts";
import { modelDimensions } from "../embeddings/sentence-model.ts";

export interface DocumentVector {
  readonly vector: Float32Array;
  readonly tokens: number;
}

/** The model reads the first 64 tokens of a text, which are hardly fewer than 200 characters. */
const maxPassageCharacters = 200;

/** A vector of each text, however long: the mean of those of its passages, by their tokens. */
export async function documentVectors(model: Model, texts: readonly string[]): Promise<DocumentVector[]> {
  const passages = texts.map(passagesOf);
  const embedded = await model.embed(passages.flat());
  let at = 0;
  return passages.map((own) => {
    const parts = embedded.slice(at, at + own.length);
    at += own.length;
    return { vector: meanOf(parts), tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0) };
  });
}

/** Whole lines, and words of a line that is longer. */
export function passagesOf(text: string): string[] {
  const passages: string[] = [];
  let open = "";
  for (const piece of text.match(/\S+\s*/g) ?? [text]) {
    if (open !== "" && open.length + piece.length > maxPassageCharacters) {
      passages.push(open.trim());
      open = "";
    }
    open += piece;
  }
  if (open.trim() !== "" || passages.length === 0) passages.push(open.trim() || text);
  return passages;
}

function meanOf(parts: readonly Embedded[]): Float32Array {
  const mean = new Float32Array(modelDimensions);
  for (const { vector, tokens } of parts) {
    const values = new Float32Array(vector.buffer, vector.byteOffset, modelDimensions);
    for (let at = 0; at < modelDimensions; at++) mean[at] = (mean[at] ?? 0) + (values[at] ?? 0) * tokens;
  }
  const length = Math.hypot(...mean) || 1;
  return mean.map((value) => value / length);
}
