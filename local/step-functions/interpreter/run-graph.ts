import type { Catcher, State, StateGraph } from "../graph/definition.ts";
import { payloadText, type StatesError } from "../states-error.ts";
import { pause } from "./aborting.ts";
import { choose } from "./choice.ts";
import { asStatesError, errorOutput, matchesError } from "./errors.ts";
import { map } from "./map.ts";
import { parallel } from "./parallel.ts";
import { Retries } from "./retries.ts";
import { fail, pass, succeed, wait } from "./simple-states.ts";
import { task } from "./task.ts";
import { ExecutionStoppedError, record, type Thread } from "./thread.ts";
import { type Left, languageOf, type Visit } from "./visit.ts";

/** Runs states to the end and answers the last one's output. Throws StatesError, or ExecutionStoppedError. */
export async function runGraph(graph: StateGraph, input: unknown, thread: Thread): Promise<unknown> {
  let data = input;
  let name: string | undefined = graph.StartAt;
  while (name !== undefined) {
    if (thread.signal.aborted) throw new ExecutionStoppedError();
    const state: State | undefined = graph.States[name];
    if (state === undefined) throw new Error(`There is no state ${name}.`);
    const left: Left = await visitState(state, data, thread);
    data = left.output;
    thread.variables = { ...thread.variables, ...left.assigned };
    name = left.next;
  }
  return data;
}

async function visitState(state: State, input: unknown, thread: Thread): Promise<Left> {
  const { name } = state;
  record(thread, `${state.Type}StateEntered`, {
    stateEnteredEventDetails: { name, input: payloadText(input, `The input of '${name}'`) },
  });
  const enteredAt = new Date().toISOString();
  const retries = new Retries("Retry" in state ? state.Retry : []);
  for (;;) {
    const visit = visitOf(state, input, thread, {
      Name: name,
      EnteredTime: enteredAt,
      RetryCount: retries.count,
    });
    try {
      return recordLeft(thread, state, await work(visit));
    } catch (thrown) {
      if (thrown instanceof ExecutionStoppedError) throw thrown;
      const error = asStatesError(thrown);
      const seconds = retries.next(error);
      if (seconds === undefined) return recordLeft(thread, state, await caught(visit, error));
      await pause(seconds, thread.signal);
    }
  }
}

function visitOf(state: State, input: unknown, thread: Thread, visited: object): Visit<State> {
  const context = { ...thread.run.context, ...thread.context, State: visited };
  const scope = { input, context, variables: thread.variables };
  return { state, scope, thread, runGraph, language: languageOf(state) };
}

function work(visit: Visit<State>): Promise<Left> {
  const { state } = visit;
  switch (state.Type) {
    case "Task":
      return task({ ...visit, state });
    case "Pass":
      return pass({ ...visit, state });
    case "Succeed":
      return succeed({ ...visit, state });
    case "Fail":
      return fail({ ...visit, state });
    case "Wait":
      return wait({ ...visit, state });
    case "Choice":
      return choose({ ...visit, state });
    case "Parallel":
      return parallel({ ...visit, state });
    case "Map":
      return map({ ...visit, state });
  }
}

/** Leaves by the Catch that matches, or throws the error. */
async function caught({ state, language, scope }: Visit<State>, error: StatesError): Promise<Left> {
  const catchers: readonly Catcher[] = "Catch" in state ? state.Catch : [];
  const catcher = catchers.find(({ ErrorEquals }) => matchesError(ErrorEquals, error));
  if (catcher === undefined) throw error;
  return {
    ...(await language.leave(catcher, scope, { errorOutput: errorOutput(error) })),
    next: catcher.Next,
  };
}

function recordLeft(thread: Thread, { name, Type }: State, left: Left): Left {
  const output = payloadText(left.output, `The state/task '${name}'`);
  record(thread, `${Type}StateExited`, { stateExitedEventDetails: { name, output } });
  return left;
}
