import type { RememberedVectors } from "../../embedding/remembered-vectors.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { Database } from "../database/database.ts";
import { DatabaseStatementError } from "../database/database-errors.ts";
import { vectorText } from "../database/embeddings.ts";
import { type SearchInput, type SearchRow, searchItems } from "../database/search-statement.ts";
import type { ImageSearchRequest, SearchMode } from "./image-search-request.ts";
import { lexicalQuery } from "./lexical-query.ts";

/** The time limit for embedding a question. After it, the lexical side answers alone while the caller still waits. */
export const embedMs = 5_000;

/** The texts for users. The reason is only in the log, because it may reveal accounts and settings. */
const withoutVectors = "Only the words of the question were compared, because its meaning could not be.";
const withoutWords = "Only the meaning of the question was compared, because its words could not be.";

/** The provider did not embed a question in time. */
export class QuestionNotEmbeddedInTimeError extends VectorkeepError {
  constructor() {
    super(
      `The question was not embedded within ${embedMs / 1_000} seconds.`,
      "Check the provider's status and the rate limits images:voyageRequestsPerMinute and images:voyageTokensPerMinute.",
    );
  }
}

/** No side of the search was available. */
export class ImageSearchUnavailableError extends VectorkeepError {
  constructor(mode: SearchMode, reasons: readonly string[]) {
    super(
      `The search (${mode}) could not be answered: ${reasons.join("; ")}`,
      "Try again; a paused database starts within a minute.",
    );
  }
}

export interface ImageSearchDeps {
  readonly database: Pick<Database, "query">;
  readonly vectors: Pick<RememberedVectors, "of">;
  readonly weights: SearchInput["weights"];
  readonly rankConstant: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ImageHits {
  /** The sides that answered. */
  readonly mode: SearchMode;
  /** The text for users if one side of a hybrid search failed. */
  readonly degraded: string | undefined;
  readonly hits: readonly SearchRow[];
}

/**
 * Searches the images of a user. If one side of a hybrid search fails, the other one answers alone and the result says
 * so. Throws ImageSearchUnavailableError if none is available.
 */
export async function searchImages(
  userId: string,
  { q, k, mode }: ImageSearchRequest,
  deps: ImageSearchDeps,
): Promise<ImageHits> {
  const lexical = mode === "vector" ? undefined : lexicalQuery(q);
  const vector = mode === "lexical" ? undefined : await vectorOf(q, deps).catch((error: Error) => error);
  const { weights, rankConstant } = deps;
  const input = { userId, k, weights, rankConstant };
  if (vector instanceof Error) {
    deps.log.warn("The vector side of a search failed", errorFields(vector));
    if (lexical === undefined) throw new ImageSearchUnavailableError(mode, [vector.message]);
    return alone("lexical", { ...input, lexical, vector: undefined }, withoutVectors, deps);
  }
  try {
    const hits = await searchItems(deps.database, { ...input, lexical, vector });
    return { mode, degraded: undefined, hits };
  } catch (error) {
    // A rejected statement may be caused by the full-text query; an unreachable database fails both sides.
    if (mode !== "hybrid" || !(error instanceof DatabaseStatementError)) throw unavailable(mode, [error]);
    deps.log.warn("The lexical side of a search failed", errorFields(error));
    return alone("vector", { ...input, lexical: undefined, vector }, withoutWords, deps);
  }
}

async function alone(
  mode: SearchMode,
  input: SearchInput,
  degraded: string,
  { database }: ImageSearchDeps,
): Promise<ImageHits> {
  try {
    return { mode, degraded, hits: await searchItems(database, input) };
  } catch (error) {
    throw unavailable("hybrid", [degraded, error]);
  }
}

async function vectorOf(question: string, { vectors, clock }: ImageSearchDeps): Promise<string> {
  const answered = new AbortController();
  const late = clock.sleep(embedMs, answered.signal).then(() => {
    throw new QuestionNotEmbeddedInTimeError();
  });
  late.catch(() => undefined);
  const embedded = vectors.of(question);
  embedded.catch(() => undefined);
  try {
    return vectorText(await Promise.race([embedded, late]));
  } finally {
    answered.abort();
  }
}

function unavailable(mode: SearchMode, reasons: readonly unknown[]): ImageSearchUnavailableError {
  return new ImageSearchUnavailableError(
    mode,
    reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))),
  );
}
