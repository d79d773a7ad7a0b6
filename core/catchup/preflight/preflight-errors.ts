import { InputError } from "../../vectorkeep-error.ts";

/** What a task would run into, found before anything is paid. */
export interface PreflightProblem {
  /** `embedding`, `index` or `source`. */
  readonly check: string;
  readonly problem: string;
}

/** A task that could not succeed was not accepted; every reason is named. */
export class PreflightFailedError extends InputError {
  readonly problems: readonly PreflightProblem[];

  constructor(problems: readonly PreflightProblem[]) {
    super(
      `The task would fail, and was not accepted: ${problems.map(({ problem }) => problem).join(" ")}`,
      "Nothing was embedded; fix the named problems and send the request again.",
    );
    this.problems = problems;
  }
}

/** A question cannot be held to the dates, or has no column that a record needs. */
export class QuestionUnsupportedError extends InputError {
  constructor(question: string, problem: string) {
    super(`Question ${question} does not fit: ${problem}.`, "Correct the question or the request.");
  }
}
