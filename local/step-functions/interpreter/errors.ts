import { StatesError } from "../states-error.ts";

/** Which no wildcard matches. */
const terminal = new Set(["States.DataLimitExceeded", "States.Runtime"]);

/** Whether a Retry or Catch of these names is for this error. */
export function matchesError(names: readonly string[], { error }: StatesError): boolean {
  if (names.includes(error)) return true;
  if (terminal.has(error)) return false;
  return names.includes("States.ALL") || (names.includes("States.TaskFailed") && error !== "States.Timeout");
}

/** Converts an error of the interpreter to an error of the state. */
export function asStatesError(thrown: unknown): StatesError {
  if (thrown instanceof StatesError) return thrown;
  return new StatesError("States.Runtime", thrown instanceof Error ? thrown.message : String(thrown));
}

/** Returns the error output of a Catch. */
export function errorOutput({ error, cause }: StatesError): object {
  return { Error: error, Cause: cause };
}
