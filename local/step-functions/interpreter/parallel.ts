import type { ParallelState } from "../graph/definition.ts";
import { together } from "./aborting.ts";
import { record } from "./thread.ts";
import { type Left, leaveWith, type Visit } from "./visit.ts";

/** Every branch gets the same input; the result is the list of their outputs. */
export async function parallel(visit: Visit<ParallelState>): Promise<Left> {
  const { state, language, scope, thread, runGraph } = visit;
  const input = await language.workInput(state, scope);
  record(thread, "ParallelStateStarted");
  const { previousEventId } = thread;
  const count = state.Branches.length;
  const outputs = await together(thread.signal, count, count, async (index, signal) => {
    const branch = state.Branches[index];
    return branch && runGraph(branch, input, { ...thread, signal, previousEventId });
  });
  record(thread, "ParallelStateSucceeded");
  return leaveWith(visit, outputs);
}
