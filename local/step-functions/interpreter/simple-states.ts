import type { FailState, PassState, SucceedState, WaitState } from "../graph/definition.ts";
import { StatesError } from "../states-error.ts";
import { pause } from "./aborting.ts";
import { type Left, leaveWith, numberField, type Visit, wrongType } from "./visit.ts";

export async function pass(visit: Visit<PassState>): Promise<Left> {
  const { state, language, scope } = visit;
  const given = await language.workInput(state, scope);
  return leaveWith(visit, state.Result === undefined ? given : state.Result);
}

export async function succeed(visit: Visit<SucceedState>): Promise<Left> {
  return leaveWith(visit, await visit.language.workInput(visit.state, visit.scope));
}

export async function fail({ state, language, scope }: Visit<FailState>): Promise<never> {
  const [error, cause] = await Promise.all(
    ["Error", "Cause"].map((name) => language.field(state, name, state, scope)),
  );
  throw new StatesError(String(error ?? ""), String(cause ?? ""));
}

/** Waits are not shortened: a definition may wait for something. */
export async function wait(visit: Visit<WaitState>): Promise<Left> {
  const { state, language, scope, thread } = visit;
  const seconds = await numberField(visit, state, "Seconds");
  const until = seconds === undefined ? await language.field(state, "Timestamp", state, scope) : undefined;
  await pause(seconds ?? secondsUntil(until, state), thread.signal);
  return leaveWith(visit, await language.workInput(state, scope));
}

function secondsUntil(timestamp: unknown, state: WaitState): number {
  const at = Date.parse(String(timestamp));
  if (Number.isNaN(at)) {
    throw wrongType(state, `${JSON.stringify(timestamp)} is not a timestamp.`);
  }
  return (at - Date.now()) / 1000;
}
