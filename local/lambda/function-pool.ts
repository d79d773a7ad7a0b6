import type { FunctionDefinition } from "./function-definition.ts";
import { type FunctionMetric, measureFunction } from "./function-metrics.ts";
import { FunctionProcess } from "./function-process.ts";
import { type InvocationResult, newRequestId, TooManyRequestsError } from "./invocation.ts";
import type { Platform } from "./platform.ts";
import { newTrace } from "./trace-header.ts";

/** Idle processes beyond these are ended. */
const maxIdle = 5;
const idleMilliseconds = 5 * 60_000;

/** The processes of one function: one per concurrent invocation, and some kept warm. */
export class FunctionPool {
  readonly definition: FunctionDefinition;
  readonly #platform: Platform;
  readonly #processes = new Set<FunctionProcess>();
  /** The last used is the last of the list, and the next to be used. */
  readonly #idle: { readonly process: FunctionProcess; readonly since: number }[] = [];
  readonly #sweep: NodeJS.Timeout;
  /** The setting of `PutFunctionRecursionConfig`; by default Lambda ends loops. */
  allowsLoops = false;
  #running = 0;
  #stopped = false;

  constructor(definition: FunctionDefinition, platform: Platform) {
    this.definition = definition;
    this.#platform = platform;
    this.#sweep = setInterval(() => this.#endLongIdle(), idleMilliseconds / 5).unref();
  }

  get pids(): number[] {
    return [...this.#processes].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Throws TooManyRequestsError when the reserved concurrency is in use. Other failures are in the result. */
  async invoke(event: string, requestId = newRequestId(), trace = newTrace()): Promise<InvocationResult> {
    const { name, reservedConcurrency } = this.definition;
    if (this.#stopped || this.#running >= (reservedConcurrency ?? Number.POSITIVE_INFINITY)) {
      this.#measure("Throttles", 1);
      throw new TooManyRequestsError(name);
    }
    this.#running += 1;
    this.#measure("ConcurrentExecutions", this.#running);
    const begunAt = performance.now();
    try {
      const process = this.#warm() ?? this.#start();
      const result = await process.invoke(requestId, event, trace);
      this.#measure("Invocations", 1);
      this.#measure("Errors", result.failed ? 1 : 0);
      this.#measure("Duration", performance.now() - begunAt);
      if (process.alive) this.#keepWarm(process);
      return result;
    } finally {
      this.#running -= 1;
    }
  }

  #measure(metric: FunctionMetric, value: number): void {
    measureFunction(this.#platform.metrics, this.definition.name, metric, value);
  }

  /** Ends every process, busy or not; resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweep);
    const processes = [...this.#processes];
    for (const process of processes) process.kill();
    await Promise.all(processes.map(({ ended }) => ended));
  }

  #warm(): FunctionProcess | undefined {
    for (;;) {
      const process = this.#idle.pop()?.process;
      if (process === undefined || process.alive) return process;
    }
  }

  #start(): FunctionProcess {
    const process = new FunctionProcess(this.definition, this.#platform);
    this.#processes.add(process);
    void process.ended.then(() => this.#processes.delete(process));
    return process;
  }

  #keepWarm(process: FunctionProcess): void {
    this.#idle.push({ process, since: Date.now() });
    if (this.#idle.length > maxIdle) this.#idle.shift()?.process.kill();
  }

  #endLongIdle(): void {
    const oldest = Date.now() - idleMilliseconds;
    while ((this.#idle[0]?.since ?? Date.now()) < oldest) this.#idle.shift()?.process.kill();
  }
}
