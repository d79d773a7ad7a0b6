import type { MapState } from "../graph/definition.ts";
import { together } from "./aborting.ts";
import { ExecutionStoppedError, record } from "./thread.ts";
import { type Left, leaveWith, numberField, type Visit, wrongType } from "./visit.ts";

/** AWS's default concurrency. */
const usualConcurrency = 40;

export async function map(visit: Visit<MapState>): Promise<Left> {
  const { state, scope, thread } = visit;
  return leaveWith(
    visit,
    state.distributed ? await thread.run.runMap(state, scope, thread) : await inline(visit),
  );
}

/** Items run inside of the execution; the first that fails fails the state. */
async function inline(visit: Visit<MapState>): Promise<unknown[]> {
  const { state, language, scope, thread } = visit;
  const items = await language.items(state, scope);
  if (!Array.isArray(items)) {
    throw wrongType(state, `The state '${state.name}' maps over what is not an array.`);
  }
  const concurrency = (await numberField(visit, state, "MaxConcurrency")) || usualConcurrency;
  record(thread, "MapStateStarted", { mapStateStartedEventDetails: { length: items.length } });
  const { previousEventId } = thread;
  const outputs = await together(thread.signal, items.length, concurrency, (index, signal) =>
    iteration(visit, { index, item: items[index], signal, previousEventId }),
  );
  record(thread, "MapStateSucceeded");
  return outputs;
}

interface Iteration {
  readonly index: number;
  readonly item: unknown;
  readonly signal: AbortSignal;
  readonly previousEventId: number;
}

async function iteration(
  { state, language, scope, thread, runGraph }: Visit<MapState>,
  { index, item, signal, previousEventId }: Iteration,
): Promise<unknown> {
  const context = { Map: { Item: { Index: index, Value: item } } };
  const own = { ...thread, signal, previousEventId, context: { ...thread.context, ...context } };
  const details = { name: state.name, index };
  record(own, "MapIterationStarted", { mapIterationStartedEventDetails: details });
  try {
    const itemScope = { ...scope, context: { ...scope.context, ...context } };
    const input =
      state.ItemSelector === undefined ? item : await language.template(state.ItemSelector, state, itemScope);
    const output = await runGraph(state.itemProcessor, input, own);
    record(own, "MapIterationSucceeded", { mapIterationSucceededEventDetails: details });
    return output;
  } catch (error) {
    const outcome = error instanceof ExecutionStoppedError ? "Aborted" : "Failed";
    record(own, `MapIteration${outcome}`, { [`mapIteration${outcome}EventDetails`]: details });
    throw error;
  }
}
