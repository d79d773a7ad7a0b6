import type { Sink } from "../../../contract/catch-up-sinks.ts";
import { IndexNotAllowedError, IndexUnavailableError, VectorsRefusedError } from "./index-errors.ts";

/** The cause of a refusal by an HTTP API. `words` are the sink's own, without the key. */
export function httpError(status: number, words: string): Error {
  return new Error(`HTTP ${status}${words && `: ${words}`}`);
}

/** What a status of a sink's HTTP API means that is no success. A 404 means different things to the sinks. */
export function refusalOf(sink: Sink, status: number, cause: Error): Error {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return new VectorsRefusedError(sink, cause);
    case 401:
      return new IndexNotAllowedError(sink, "the key is refused");
    case 402:
      return new IndexNotAllowedError(sink, "the account's quota is used up");
    default:
      return new IndexUnavailableError(sink, cause);
  }
}
