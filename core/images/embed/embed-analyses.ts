import type { Embedder, VectorBytes } from "../../embedding/embedder.ts";
import { tokenBound } from "../../embedding/limits.ts";
import { batchesOf } from "../../resilience/batch.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { analysis as analysisSchema } from "../analyze/analysis.ts";
import type { EmbeddingSource, Embeddings } from "../database/embeddings.ts";
import { documentOf } from "./document.ts";

/** Voyage's limits of one request. Bytes bound tokens from above. */
export const voyageLimits = { maxCount: 128, maxBytes: 120_000 } as const;

/** A stored analysis cannot be embedded. */
export class AnalysisNotEmbeddableError extends InputError {
  constructor(analysisId: string, problem: string) {
    super(
      `The analysis ${analysisId} cannot be embedded: ${problem}.`,
      "Analyze the image again with `npm run images -- reanalyse ITEM`.",
    );
  }
}

export interface EmbedDeps {
  readonly embeddings: Embeddings;
  readonly embedder: Embedder;
}

/** An analysis to embed, and the document that is its text. */
export interface Planned {
  readonly source: EmbeddingSource;
  readonly document: string;
}

/** What is to be embedded of an analysis; undefined if nothing is left to do. */
export async function planEmbedding(
  userId: string,
  analysisId: string,
  { embeddings, embedder }: EmbedDeps,
): Promise<Planned | undefined> {
  const source = await embeddings.source(userId, analysisId, embedder.model);
  // A deleted item takes its analyses with it.
  if (source === undefined || !source.isNewest || source.isEmbedded) return undefined;
  const parsed = analysisSchema.safeParse(source.rawResponse);
  if (!parsed.success) throw new AnalysisNotEmbeddableError(analysisId, "its answer is not as expected");
  const document = documentOf(parsed.data);
  if (document === "") throw new AnalysisNotEmbeddableError(analysisId, "it has no text");
  return { source, document };
}

/** The vector of each document, in as few requests as the provider's limits allow. */
export async function embedDocuments(
  documents: readonly string[],
  embedder: Embedder,
): Promise<readonly (readonly number[])[]> {
  const vectors: (readonly number[])[] = [];
  for (const batch of batchesOf(documents, { ...voyageLimits, bytesOf: tokenBound })) {
    vectors.push(...(await embedder.embed(batch, "document")).map(numbersOf));
  }
  return vectors;
}

export function numbersOf(bytes: VectorBytes): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
