import { randomUUID } from "node:crypto";
import { childMachineName, executionArn, mapRunArn, stateMachineArn } from "../arns.ts";
import type { ChildInput } from "../distributed/child-inputs.ts";
import { MapRun, type MapRunSettings } from "../distributed/map-run.ts";
import { runDistributedMap, type Surroundings } from "../distributed/run-map.ts";
import type { MapState, StateGraph } from "../graph/definition.ts";
import { underOwnSignal } from "../interpreter/aborting.ts";
import { asStatesError } from "../interpreter/errors.ts";
import { Execution, type ExecutionIdentity } from "../interpreter/execution.ts";
import { runGraph } from "../interpreter/run-graph.ts";
import { ExecutionStoppedError, type RoleServices, type Run } from "../interpreter/thread.ts";
import type { StateMachine } from "../state-machine.ts";
import { payloadText } from "../states-error.ts";
import { type ExecutionMetric, metricOfStatus } from "./execution-metrics.ts";
import { Kept } from "./kept.ts";

/** The interface of executions to other services. */
export interface ExecutionServices {
  /** Under the machine's role. */
  of(machine: StateMachine): RoleServices;
  /** Counts the outcomes of a machine's executions. */
  measure(machine: StateMachine, metric: ExecutionMetric): void;
  /** Throws StatesError. */
  authorizeChildren(machine: StateMachine): void;
}

/** AWS keeps executions for 90 days; here the newest are kept. */
const executionsKept = 20_000;
const mapRunsKept = 1_000;

/** Starts executions, and remembers them and their Map Runs. */
export class Executions {
  readonly #services: ExecutionServices;
  readonly #executions = new Kept<Execution>(executionsKept);
  readonly #mapRuns = new Kept<MapRun>(mapRunsKept);
  readonly #running = new Set<Promise<void>>();

  constructor(services: ExecutionServices) {
    this.#services = services;
  }

  find(arn: string): Execution | undefined {
    return this.#executions.find(arn);
  }

  findMapRun(arn: string): MapRun | undefined {
    return this.#mapRuns.find(arn);
  }

  /** Newest first. */
  all(): Execution[] {
    return this.#executions.newestFirst();
  }

  mapRunsOf(arn: string): MapRun[] {
    return this.#mapRuns.newestFirst().filter((mapRun) => mapRun.executionArn === arn);
  }

  start(machine: StateMachine, name: string, input: string): Execution {
    const identity = {
      arn: executionArn(machine.name, name),
      name,
      stateMachineArn: machine.arn,
      mapRunArn: undefined,
      input,
      startDate: Date.now() / 1000,
      itemCount: 1,
    };
    return this.#begin(machine, machine.graph, identity);
  }

  /** Aborts all executions. Resolves when they have ended. */
  async stop(): Promise<void> {
    for (const execution of this.all()) execution.abort();
    await Promise.all(this.#running);
  }

  #begin(machine: StateMachine, graph: StateGraph, identity: ExecutionIdentity): Execution {
    const execution = new Execution(identity, (event) => machine.logging?.write(identity.arn, event));
    this.#executions.add(identity.arn, execution);
    const isChild = identity.mapRunArn !== undefined;
    if (!isChild) this.#services.measure(machine, "ExecutionsStarted");
    const running = this.#run(machine, graph, execution).finally(() => {
      this.#running.delete(running);
      this.#executions.release(identity.arn);
      const ended = metricOfStatus(execution.status);
      if (!isChild && ended) this.#services.measure(machine, ended);
    });
    this.#running.add(running);
    return execution;
  }

  /** Does not reject. */
  async #run(machine: StateMachine, graph: StateGraph, execution: Execution): Promise<void> {
    const { history, identity } = execution;
    const previousEventId = history.record("ExecutionStarted", 0, {
      executionStartedEventDetails: { input: identity.input, roleArn: machine.roleArn },
    });
    const timer = graph.TimeoutSeconds && timerOf(() => execution.timeOut(), graph.TimeoutSeconds);
    const input: unknown = JSON.parse(identity.input);
    const thread = {
      run: this.#runOf(machine, execution, input),
      signal: execution.signal,
      context: {},
      variables: {},
      previousEventId,
    };
    try {
      const output = await underOwnSignal(execution.signal, (signal) =>
        runGraph(graph, input, { ...thread, signal }),
      );
      execution.succeed(payloadText(output, "The execution"));
    } catch (error) {
      if (!(error instanceof ExecutionStoppedError)) execution.fail(asStatesError(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #runOf(machine: StateMachine, { history, identity }: Execution, input: unknown): Run {
    const { arn, name, stateMachineArn: machineArn, startDate } = identity;
    return {
      services: this.#services.of(machine),
      history,
      context: {
        Execution: {
          Id: arn,
          Input: input,
          Name: name,
          RoleArn: machine.roleArn,
          StartTime: new Date(startDate * 1000).toISOString(),
          RedriveCount: 0,
        },
        StateMachine: { Id: machineArn, Name: machine.name },
      },
      runMap: (state, scope, thread) =>
        runDistributedMap(state, scope, thread, this.#surroundings(machine, arn)),
    };
  }

  #surroundings(machine: StateMachine, parentArn: string): Surroundings {
    return {
      begin: (state, settings, itemCount) =>
        this.#beginMapRun(machine, parentArn, state, settings, itemCount),
      identify: childIdentity,
      startChild: (state, identity) => this.#begin(machine, state.itemProcessor, identity),
    };
  }

  #beginMapRun(
    machine: StateMachine,
    parentArn: string,
    { Label = "" }: MapState,
    settings: MapRunSettings,
    itemCount: number,
  ): MapRun {
    this.#services.authorizeChildren(machine);
    const identity = {
      arn: mapRunArn(machine.name, Label, randomUUID()),
      executionArn: parentArn,
      stateMachineArn: stateMachineArn(childMachineName(machine.name, Label)),
    };
    const mapRun = new MapRun(identity, settings, itemCount);
    this.#mapRuns.add(mapRun.arn, mapRun);
    this.#mapRuns.release(mapRun.arn);
    return mapRun;
  }
}

function childIdentity(mapRun: MapRun, { text, itemCount }: ChildInput): ExecutionIdentity {
  const name = randomUUID();
  const machineName = mapRun.stateMachineArn.split(":").at(-1) ?? "";
  return {
    arn: executionArn(machineName, name),
    name,
    stateMachineArn: mapRun.stateMachineArn,
    mapRunArn: mapRun.arn,
    input: text,
    startDate: Date.now() / 1000,
    itemCount,
  };
}

/** Node's timers are limited to 24 days; longer limits are ignored. */
function timerOf(work: () => void, seconds: number): NodeJS.Timeout | undefined {
  return seconds * 1000 < 2 ** 31 ? setTimeout(work, seconds * 1000) : undefined;
}
