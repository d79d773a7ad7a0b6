import type { State } from "../graph/definition.ts";
import { jsonataLanguage } from "../language/jsonata.ts";
import { jsonpathLanguage } from "../language/jsonpath.ts";
import type { QueryLanguage, Scope, Variables } from "../language/query-language.ts";
import { StatesError } from "../states-error.ts";
import type { RunGraph, Thread } from "./thread.ts";

/** One visit of a state, with the data that its work needs. */
export interface Visit<S extends State> {
  readonly state: S;
  readonly scope: Scope;
  readonly language: QueryLanguage;
  readonly thread: Thread;
  readonly runGraph: RunGraph;
}

/** The result of leaving a state. */
export interface Left {
  readonly output: unknown;
  readonly assigned: Variables;
  /** Undefined at the end. */
  readonly next: string | undefined;
}

export function languageOf(state: State): QueryLanguage {
  return state.language === "JSONata" ? jsonataLanguage : jsonpathLanguage;
}

/** Leaves the state with the result of its work. */
export async function leaveWith(
  { state, language, scope }: Visit<State>,
  result: unknown,
  next = state.Next,
): Promise<Left> {
  return { ...(await language.leave(state, scope, { result })), next };
}

/** Evaluates a field that must be a number of at least 0. Undefined if it is not set. */
export async function numberField(
  { state, language, scope }: Pick<Visit<State>, "state" | "language" | "scope">,
  holder: object,
  name: string,
): Promise<number | undefined> {
  const value = await language.field(holder, name, state, scope);
  if (value === undefined || (typeof value === "number" && value >= 0)) return value;
  throw wrongType(
    state,
    `The field ${name} of the state '${state.name}' came to ${JSON.stringify(value)}, which is not a number of at least 0.`,
  );
}

/** With a JSONata expression the error can be caught, even by States.ALL; with a path it ends the execution. */
export function wrongType({ language }: State, cause: string): StatesError {
  return new StatesError(language === "JSONata" ? "States.QueryEvaluationError" : "States.Runtime", cause);
}
