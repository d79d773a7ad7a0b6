import type { S3Client } from "@aws-sdk/client-s3";
import type { MapState, StateGraph } from "../graph/definition.ts";
import type { Scope, Variables } from "../language/query-language.ts";
import { StatesError } from "../states-error.ts";
import type { History } from "./history.ts";

/** The actions of states under the state machine's role. Throws StatesError. */
export interface RoleServices {
  readonly s3: S3Client;
  /** Answers the function's payload. */
  invoke(functionNameOrArn: string, payload: unknown): Promise<InvokeAnswer>;
}

export interface InvokeAnswer {
  readonly requestId: string;
  readonly payload: unknown;
}

/** An execution as its states see it. */
export interface Run {
  readonly services: RoleServices;
  readonly history: History;
  /** Execution and StateMachine of the context object. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Runs a distributed Map state as a Map Run with executions of its own. */
  runMap(state: MapState, scope: Scope, thread: Thread): Promise<unknown>;
}

/** One sequence of states: of the execution, of a branch, or of one item of a Map. */
export interface Thread {
  readonly run: Run;
  /** Aborted when the execution is stopped or timed out, or when a sibling failed. */
  readonly signal: AbortSignal;
  /** `Map.Item` of the context object, if there is one. */
  readonly context: Readonly<Record<string, unknown>>;
  variables: Variables;
  previousEventId: number;
}

/** Runs states to the end and answers the last one's output. Throws StatesError, or ExecutionStoppedError. */
export type RunGraph = (graph: StateGraph, input: unknown, thread: Thread) => Promise<unknown>;

/** Work was given up because its execution, or the group that it belongs to, is over. */
export class ExecutionStoppedError extends Error {
  constructor() {
    super("The execution was stopped.");
    this.name = "ExecutionStoppedError";
  }
}

/** A standard execution fails beyond this number of events. */
const maxEvents = 25_000;

export function record(thread: Thread, type: string, details: object = {}): void {
  if (thread.run.history.events.length >= maxEvents - 1) {
    throw new StatesError(
      "States.Runtime",
      `The execution reached the maximum number of history events (${maxEvents}).`,
    );
  }
  thread.previousEventId = thread.run.history.record(type, thread.previousEventId, details);
}
