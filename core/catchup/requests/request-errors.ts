import { InputError } from "../../vectorkeep-error.ts";

/** An invalid parameter. */
export interface ParameterProblem {
  readonly parameter: string;
  /** The given value; undefined if it is missing. */
  readonly given: string | undefined;
  readonly accepted: string;
}

/** A request is invalid. The message lists every problem. */
export class RequestInvalidError extends InputError {
  readonly problems: readonly ParameterProblem[];

  constructor(problems: readonly ParameterProblem[]) {
    const listed = problems.map(
      ({ parameter, given, accepted }) =>
        `${parameter} ${given === undefined ? "is missing" : `is ${JSON.stringify(given)}`}; accepted: ${accepted}`,
    );
    super(`The request is invalid: ${listed.join(". ")}.`, "Correct these parameters and send it again.");
    this.problems = problems;
  }
}

/** The key was already used for another request. */
export class IdempotencyKeyReusedError extends InputError {
  constructor() {
    super(
      "The Idempotency-Key was already used for another request.",
      "Send a new key with a new request, or the same request with this key.",
    );
  }
}

/** The stack has no such task, or it has expired. */
export class NoSuchTaskError extends InputError {
  constructor(taskId: string) {
    super(
      `There is no task ${JSON.stringify(taskId.slice(0, 100))}.`,
      "GET /tasks lists the existing tasks.",
    );
  }
}

/** The task was started by the other of the two APIs. */
export class TaskOfOtherApiError extends InputError {
  constructor(taskId: string) {
    super(
      `Task ${taskId} was started by the other API of this stack.`,
      "Cancel a task of the bulk API with `npm run bulk -- cancel`, and one of the catch-up API with `npm run catchup -- --cancel`.",
    );
  }
}

/** The state of the task does not allow the operation. */
export class TaskStateError extends InputError {
  constructor(taskId: string, status: string, asked: string) {
    super(`Task ${taskId} is ${status} and cannot be ${asked}.`, "GET /status returns its state.");
  }
}
