import { InputError } from "../../vectorkeep-error.ts";

/** A problem that would fail a task, found before anything is embedded. */
export interface PreflightProblem {
  /** `embedding`, `index` or `source`. */
  readonly check: string;
  readonly problem: string;
}

/** A task that would fail was not accepted. The message lists every reason. */
export class PreflightFailedError extends InputError {
  readonly problems: readonly PreflightProblem[];

  constructor(problems: readonly PreflightProblem[]) {
    super(
      `The task would fail, and was not accepted: ${problems.map(({ problem }) => problem).join(" ")}`,
      "Nothing was embedded. Fix the problems and send the request again.",
    );
    this.problems = problems;
  }
}

/** A question cannot be limited to the dates, or lacks a required column. */
export class QuestionUnsupportedError extends InputError {
  constructor(question: string, problem: string) {
    super(`Question ${question} is unsuitable: ${problem}.`, "Correct the question or the request.");
  }
}
