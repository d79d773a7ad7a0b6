import { setMaxListeners } from "node:events";
import type { StatesError } from "../states-error.ts";
import { History, type HistoryEvent } from "./history.ts";

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

export interface ExecutionIdentity {
  readonly arn: string;
  readonly name: string;
  /** For a child, qualified with the Map state's label. */
  readonly stateMachineArn: string;
  /** Only for a child. */
  readonly mapRunArn: string | undefined;
  /** JSON. */
  readonly input: string;
  /** Epoch seconds. */
  readonly startDate: number;
  /** The number of items of a child. */
  readonly itemCount: number;
}

/** One execution. It ends once; later events have no effect. */
export class Execution {
  readonly identity: ExecutionIdentity;
  readonly history: History;
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
  status: ExecutionStatus = "RUNNING";
  stopDate: number | undefined;
  /** JSON, of one that succeeded. */
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  readonly #stopping = new AbortController();
  readonly #settle: () => void;

  constructor(identity: ExecutionIdentity, onEvent: (event: HistoryEvent) => void) {
    this.identity = identity;
    this.history = new History(onEvent);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#settle = resolve;
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Aborted when it is over, so that whatever it still does ends. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  succeed(output: string): void {
    if (this.#end("SUCCEEDED", "ExecutionSucceeded", { executionSucceededEventDetails: { output } })) {
      this.output = output;
    }
  }

  fail({ error, cause }: StatesError): void {
    this.#fail("FAILED", "ExecutionFailed", "executionFailedEventDetails", error, cause);
  }

  timeOut(): void {
    this.#fail(
      "TIMED_OUT",
      "ExecutionTimedOut",
      "executionTimedOutEventDetails",
      "States.Timeout",
      undefined,
    );
  }

  abort(error?: string, cause?: string): void {
    this.#fail("ABORTED", "ExecutionAborted", "executionAbortedEventDetails", error, cause);
  }

  #fail(
    status: ExecutionStatus,
    event: string,
    details: string,
    error: string | undefined,
    cause: string | undefined,
  ): void {
    if (!this.#end(status, event, { [details]: { error, cause } })) return;
    this.error = error;
    this.cause = cause;
  }

  #end(status: ExecutionStatus, event: string, details: object): boolean {
    if (this.status !== "RUNNING") return false;
    this.status = status;
    this.stopDate = Date.now() / 1000;
    this.history.record(event, this.history.events.length, details);
    this.history.close();
    this.#stopping.abort();
    this.#settle();
    return true;
  }
}
