import type { Delta } from "../../../core/deltas/delta.ts";
import { fiveDigits, receiptKey } from "../../../core/receipts/receipt.ts";

export const model = "test-model";
export const dimensions = 8;

/** UUID of the n-th image. */
export function imageId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** A delta of `lines` with one vector a text; a text always has the same vector. */
export function deltaOf(image: number, runId: string, texts: readonly string[]): Delta {
  const receipt = { imageId: imageId(image), receiptId: 1 };
  const vectors = new Float32Array(texts.flatMap(vectorOf));
  return {
    collection: "lines",
    ...receipt,
    runId,
    model,
    dimensions,
    textFormat: "receipt-text/1",
    ids: texts.map((_, index) => `${receiptKey(receipt)}#LINE#${fiveDigits(index + 1)}`),
    documents: texts,
    metadatas: texts.map((text, index) => ({
      image_id: receipt.imageId,
      receipt_id: 1,
      line_id: index + 1,
      text,
      x: 0.5,
    })),
    vectors: insideLargerBuffer(vectors),
  };
}

export function vectorOf(text: string): number[] {
  return Array.from({ length: dimensions }, (_, index) => {
    let sum = index + 1;
    for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) % 1009;
    return Math.fround((sum - 504) / 504);
  });
}

/** As a decoded delta has them: a view into the bytes of its file. */
function insideLargerBuffer(vectors: Float32Array<ArrayBuffer>): Uint8Array {
  return Buffer.concat([Buffer.alloc(13), Buffer.from(vectors.buffer)]).subarray(13);
}

/** Id to document of these deltas. */
export function contentOf(deltas: readonly Delta[]): Record<string, string> {
  return Object.fromEntries(
    deltas.flatMap(({ ids, documents }) => ids.map((id, index) => [id, documents[index] ?? ""])),
  );
}

/** A delta of `words`: one vector a word, numbered within its line. */
export function wordDeltaOf(image: number, runId: string, lines: readonly (readonly string[])[]): Delta {
  const { ids: lineIds, ...delta } = deltaOf(
    image,
    runId,
    lines.map((words) => words.join(" ")),
  );
  const words = lines.flatMap((texts, line) => texts.map((text, word) => ({ text, line, word })));
  return {
    ...delta,
    collection: "words",
    ids: words.map(({ line, word }) => `${lineIds[line]}#WORD#${fiveDigits(word + 1)}`),
    documents: words.map(({ text }) => text),
    metadatas: words.map(({ text, line, word }) => ({
      image_id: delta.imageId,
      receipt_id: 1,
      line_id: line + 1,
      word_id: word + 1,
      text,
      x: 0.5,
    })),
    vectors: insideLargerBuffer(new Float32Array(words.flatMap(({ text }) => vectorOf(text)))),
  };
}
