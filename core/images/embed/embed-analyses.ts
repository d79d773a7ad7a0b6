import { type EmbeddedText, embedEach, RequestSize } from "../../embedding/embed-each.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import { tokenBound } from "../../embedding/limits.ts";
import { numbersOf } from "../../embedding/vector-numbers.ts";
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
  // Its schema asks for a summary that is not blank, so the document is not empty.
  if (!parsed.success) throw new AnalysisNotEmbeddableError(analysisId, "its answer is not as expected");
  return { source, document: documentOf(parsed.data) };
}

/**
 * The vector of each document, or why it has none, in as few requests as the provider's limits allow. A document that
 * the provider refuses is found by bisection and fails alone; a failed request fails its own documents.
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
