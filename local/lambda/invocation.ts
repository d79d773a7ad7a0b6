import { randomUUID } from "node:crypto";

/** The result of an invocation. */
export interface InvocationResult {
  readonly requestId: string;
  /** JSON: the handler's answer, or `{errorType, errorMessage, trace?}`. */
  readonly payload: string;
  readonly failed: boolean;
  /** The log lines of the invocation. */
  readonly log: readonly string[];
}

/** All processes that the function may have are busy. */
export class TooManyRequestsError extends Error {
  constructor(functionName: string) {
    super(`Rate Exceeded: every reserved concurrent execution of ${functionName} is in use.`);
    this.name = "TooManyRequests";
  }
}

/** Lambda's limit for a synchronous answer. */
export const maxAnswerBytes = 6 * 1024 * 1024;

export function newRequestId(): string {
  return randomUUID();
}

export function errorPayload(errorType: string, errorMessage: string): string {
  return JSON.stringify({ errorType, errorMessage });
}
