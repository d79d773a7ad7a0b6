import { type EmbeddedText, embedEach, RequestSize } from "../../embedding/embed-each.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import { tokenBound } from "../../embedding/limits.ts";
import { numbersOf } from "../../embedding/vector-numbers.ts";
import { batchesOf } from "../../resilience/batch.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { analysis as analysisSchema } from "../analyze/analysis.ts";
import type { EmbeddingSource, Embeddings } from "../database/embeddings.ts";
import { documentOf } from "./document.ts";

/** Voyage's limits per request. Bytes are an upper bound of tokens. */
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

/** Returns the plan for embedding an analysis; undefined if nothing is left to do. */
export async function planEmbedding(
  userId: string,
  analysisId: string,
  { embeddings, embedder }: EmbedDeps,
): Promise<Planned | undefined> {
  const source = await embeddings.source(userId, analysisId, embedder.model);
  // Deleting an item deletes its analyses.
  if (source === undefined || !source.isNewest || source.isEmbedded) return undefined;
  const parsed = analysisSchema.safeParse(source.rawResponse);
  // The schema requires a summary that is not blank, so the document is not empty.
  if (!parsed.success)
    throw new AnalysisNotEmbeddableError(analysisId, "its answer has an unexpected format");
  return { source, document: documentOf(parsed.data) };
}

/**
 * Returns the vector of each document or the error, in as few requests as the provider's limits allow. A rejected
 * document is isolated by bisection and fails alone; a failed request fails its own documents.
 */
export async function embedDocuments(
  documents: readonly string[],
  embedder: Embedder,
): Promise<readonly (readonly number[] | Error)[]> {
  const size = new RequestSize(voyageLimits.maxCount);
  const vectors: (readonly number[] | Error)[] = [];
  for (const batch of batchesOf(documents, { ...voyageLimits, bytesOf: tokenBound })) {
    const embedded = await embedEach(batch, embedder, size).catch((error: Error) => batch.map(() => error));
    vectors.push(...embedded.map(vectorOrError));
  }
  return vectors;
}

function vectorOrError(embedded: EmbeddedText | Error): readonly number[] | Error {
  if (embedded instanceof Error) return embedded;
  return embedded.refusal ?? numbersOf(embedded.vector);
}
