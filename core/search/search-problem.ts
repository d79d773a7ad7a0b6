import { EmbeddingRefusedError } from "../embedding/embedding-errors.ts";
import { HttpError } from "./http-error.ts";
import {
  AnswerNotExactError,
  GenerationOfAnotherModelError,
  NothingPublishedError,
  NotOpenYetError,
  QueryNotEmbeddedError,
  ShardNotAnsweredError,
  ShardTooLargeError,
  VectorUnknownError,
} from "./search-errors.ts";

/** The HTTP error for a failed search. */
export function problemOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof NothingPublishedError) return new HttpError(503, "nothing_published", error.message);
  if (error instanceof NotOpenYetError) return new HttpError(503, "not_open_yet", error.message);
  if (error instanceof AnswerNotExactError) return new HttpError(400, "answer_not_exact", error.message);
  if (error instanceof ShardNotAnsweredError) return new HttpError(503, "shard_not_answered", error.message);
  if (error instanceof ShardTooLargeError) return new HttpError(503, "shard_too_large", error.message);
  if (error instanceof GenerationOfAnotherModelError) {
    return new HttpError(503, "generation_of_another_model", error.message);
  }
  if (error instanceof VectorUnknownError) return new HttpError(404, "vector_unknown", error.message);
  if (error instanceof QueryNotEmbeddedError && error.cause instanceof EmbeddingRefusedError) {
    return new HttpError(400, "text_refused", error.message);
  }
  if (error instanceof QueryNotEmbeddedError) return new HttpError(502, "embedding_failed", error.message);
  return new HttpError(500, "internal", "The search failed; the log of this service has the reason.");
}

/** An unexpected error; its reason is in the log. */
export function isUnforeseen({ status }: HttpError): boolean {
  return status === 500;
}

/** The request is valid, but has no answer although something is published. */
export function isUnanswered({ status, code }: HttpError): boolean {
  return status >= 500 && code !== "nothing_published";
}
