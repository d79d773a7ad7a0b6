import { InputError } from "../../vectorkeep-error.ts";

/** One parameter that cannot be used. */
export interface ParameterProblem {
  readonly parameter: string;
  /** As it was sent, undefined where it is missing. */
  readonly given: string | undefined;
  readonly accepted: string;
}

/** A request cannot be carried out as it stands; all of its problems are named. */
export class RequestInvalidError extends InputError {
  readonly problems: readonly ParameterProblem[];

  constructor(problems: readonly ParameterProblem[]) {
    const listed = problems.map(
      ({ parameter, given, accepted }) =>
        `${parameter} ${given === undefined ? "is missing" : `is ${JSON.stringify(given)}`}; accepted: ${accepted}`,
    );
    super(`The request cannot be used: ${listed.join(". ")}.`, "Correct what is named and send it again.");
    this.problems = problems;
  }
}

/** The key was sent before, with another request. */
export class IdempotencyKeyReusedError extends InputError {
  constructor() {
    super(
      "The Idempotency-Key was used before for another request.",
      "Send a new key with a new request, or the same request with this key.",
    );
  }
}

/** The stack has no such task, or it has expired. */
export class NoSuchTaskError extends InputError {
  constructor(taskId: string) {
    super(
      `There is no task ${JSON.stringify(taskId.slice(0, 100))}.`,
      "GET /tasks lists those that there are.",
    );
  }
}

/** The task is not in a state in which this can be asked of it. */
export class TaskStateError extends InputError {
  constructor(taskId: string, status: string, asked: string) {
    super(`Task ${taskId} is ${status} and cannot be ${asked}.`, "GET /status has its outcome.");
  }
}
