import type { InputError } from "../../vectorkeep-error.ts";
import { PreflightFailedError } from "../preflight/preflight-errors.ts";
import {
  IdempotencyKeyReusedError,
  NoSuchTaskError,
  RequestInvalidError,
  TaskOfOtherApiError,
  TaskStateError,
} from "../requests/request-errors.ts";

/** A response of the API; the body is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request to the API, independent of the host. Header names are in lower case. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * The response to a caller's own error. All other errors are rethrown, so that the platform counts them (F19) and the
 * caller sees no internals.
 */
export function answerTo(error: unknown): Answer {
  if (error instanceof RequestInvalidError) {
    return {
      status: 400,
      body: { error: "invalid_request", message: error.message, problems: error.problems },
    };
  }
  if (error instanceof PreflightFailedError) {
    const { message, problems } = error;
    return { status: 424, body: { error: "preflight_failed", message, problems } };
  }
  if (error instanceof NoSuchTaskError) return problem(404, "not_found", error);
  if (error instanceof TaskStateError || error instanceof TaskOfOtherApiError)
    return problem(409, "conflict", error);
  if (error instanceof IdempotencyKeyReusedError) return problem(422, "idempotency_key_reused", error);
  throw error;
}

export function noSuchRoute({ method, path }: ApiRequest): Answer {
  return {
    status: 404,
    body: { error: "not_found", message: `There is no ${method} ${path}. See /openapi.json.` },
  };
}

function problem(status: number, error: string, { message }: InputError): Answer {
  return { status, body: { error, message } };
}
