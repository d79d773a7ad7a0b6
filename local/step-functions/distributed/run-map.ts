import type { MapState } from "../graph/definition.ts";
import { together } from "../interpreter/aborting.ts";
import { asStatesError } from "../interpreter/errors.ts";
import type { Execution, ExecutionIdentity } from "../interpreter/execution.ts";
import { ExecutionStoppedError, record, type Thread } from "../interpreter/thread.ts";
import { languageOf, numberField, wrongType } from "../interpreter/visit.ts";
import type { Scope } from "../language/query-language.ts";
import { maxPayloadBytes, StatesError } from "../states-error.ts";
import { batched, type ChildInput, selectedItems } from "./child-inputs.ts";
import { readItems } from "./item-reader.ts";
import type { MapRun, MapRunSettings } from "./map-run.ts";
import { type MapRunResults, writeResults } from "./result-writer.ts";
import { transformed } from "./results.ts";

/**
 * AWS runs 10,000 children concurrently by default. The limit is lower here, because every child may need a process.
 */
const maxConcurrency = 40;

/** The interface of a Map Run to the executions. */
export interface Surroundings {
  /** Registers the run. Throws StatesError if the role may not start children. */
  begin(state: MapState, settings: MapRunSettings, itemCount: number): MapRun;
  identify(mapRun: MapRun, input: ChildInput): ExecutionIdentity;
  startChild(state: MapState, identity: ExecutionIdentity): Execution;
}

/** A distributed Map state: children that are executions of their own, and a Map Run that counts them. */
export async function runDistributedMap(
  state: MapState,
  scope: Scope,
  thread: Thread,
  surroundings: Surroundings,
): Promise<unknown> {
  record(thread, "MapStateStarted");
  const setup = await prepare(state, scope, thread);
  const mapRun = surroundings.begin(state, setup.settings, setup.itemCount);
  const details = { mapRunArn: mapRun.arn };
  record(thread, "MapRunStarted", { mapRunStartedEventDetails: details });
  try {
    const children = await runChildren(setup, thread.signal, mapRun, (input) =>
      surroundings.startChild(state, surroundings.identify(mapRun, input)),
    );
    const pending = identities(setup.inputs, (input) => surroundings.identify(mapRun, input));
    const output = await outputOf(state, scope, thread, { mapRun, children, pending });
    if (mapRun.exceedsTolerance) throw toleranceExceeded();
    mapRun.end("SUCCEEDED");
    record(thread, "MapRunSucceeded");
    record(thread, "MapStateSucceeded");
    return output;
  } catch (thrown) {
    mapRun.end(thrown instanceof ExecutionStoppedError ? "ABORTED" : "FAILED");
    if (thrown instanceof ExecutionStoppedError) record(thread, "MapRunAborted");
    else {
      const { error, cause } = asStatesError(thrown);
      record(thread, "MapRunFailed", { mapRunFailedEventDetails: { error, cause } });
    }
    throw thrown;
  }
}

interface Setup {
  readonly state: MapState;
  readonly settings: MapRunSettings;
  readonly itemCount: number;
  readonly inputs: AsyncGenerator<ChildInput>;
}

async function prepare(state: MapState, scope: Scope, thread: Thread): Promise<Setup> {
  const language = languageOf(state);
  const number = (holder: object, name: string) => numberField({ state, language, scope }, holder, name);
  const items = await itemsOf(state, scope, thread);
  const selected = selectedItems(items, { state, language, scope });
  const { ItemBatcher: batcher } = state;
  const batching = batcher && {
    maxItems: (await number(batcher, "MaxItemsPerBatch")) ?? Number.POSITIVE_INFINITY,
    maxBytes: (await number(batcher, "MaxInputBytesPerBatch")) ?? maxPayloadBytes,
    batchInput:
      batcher.BatchInput === undefined
        ? undefined
        : await language.template(batcher.BatchInput, state, scope),
  };
  const wanted = (await number(state, "MaxConcurrency")) || maxConcurrency;
  return {
    state,
    itemCount: items.length,
    inputs: batching === undefined ? selected : batched(selected, batching),
    settings: {
      maxConcurrency: Math.min(wanted, maxConcurrency),
      toleratedFailureCount: await number(state, "ToleratedFailureCount"),
      toleratedFailurePercentage: await number(state, "ToleratedFailurePercentage"),
    },
  };
}

async function itemsOf(state: MapState, scope: Scope, thread: Thread): Promise<readonly unknown[]> {
  const language = languageOf(state);
  if (state.ItemReader === undefined) {
    const items = await language.items(state, scope);
    if (Array.isArray(items)) return items;
    throw wrongType(state, `The state '${state.name}' maps over what is not an array.`);
  }
  const { ReaderConfig: config } = state.ItemReader;
  const call = { ...state.ItemReader, InputPath: state.InputPath };
  const items = await readItems(
    state.ItemReader,
    await language.workInput(call, scope),
    thread.run.services.s3,
  );
  const most = await numberField({ state, language, scope }, config, "MaxItems");
  return items.slice(0, most);
}

/** Starts children as fast as the settings allow, until there are no more or too many have failed. In the order of the items. */
async function runChildren(
  { settings, inputs, itemCount }: Setup,
  signal: AbortSignal,
  mapRun: MapRun,
  start: (input: ChildInput) => Execution,
): Promise<readonly Execution[]> {
  const children: Execution[] = [];
  const lines = Math.min(settings.maxConcurrency, Math.max(1, itemCount));
  await together(signal, lines, lines, async (_line, own) => {
    for (;;) {
      const { value: input, done } = await inputs.next();
      if (done || mapRun.exceedsTolerance) return;
      if (own.aborted) throw new ExecutionStoppedError();
      const child = start(input);
      children.push(child);
      const stop = () => child.abort();
      own.addEventListener("abort", stop, { once: true });
      await mapRun.follow(child);
      own.removeEventListener("abort", stop);
      if (own.aborted) throw new ExecutionStoppedError();
      if (mapRun.exceedsTolerance) throw toleranceExceeded();
    }
  }).catch((thrown: unknown) => {
    // The results of finished children are written even after a failure.
    if (!(thrown instanceof StatesError) || thrown.error !== toleranceExceeded().error) throw thrown;
  });
  return children;
}

/** Yields the children that were not started; there are none unless the run failed. */
async function* identities(
  inputs: AsyncIterable<ChildInput>,
  identify: (input: ChildInput) => ExecutionIdentity,
): AsyncGenerator<ExecutionIdentity> {
  for await (const input of inputs) yield identify(input);
}

async function outputOf(
  state: MapState,
  scope: Scope,
  thread: Thread,
  results: MapRunResults,
): Promise<unknown> {
  const { ResultWriter: writer } = state;
  const { mapRun, children } = results;
  if (writer?.Resource === undefined) {
    const transformation = writer?.WriterConfig?.Transformation ?? "COMPACT";
    return children.flatMap((child) => transformed(child, transformation));
  }
  const parameters = await languageOf(state).workInput({ ...writer, InputPath: state.InputPath }, scope);
  const output = await writeResults(writer, parameters, results, thread.run.services.s3);
  mapRun.items.resultsWritten = mapRun.items.total;
  mapRun.executions.resultsWritten = children.length;
  return output;
}

function toleranceExceeded(): StatesError {
  return new StatesError(
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
  );
}
