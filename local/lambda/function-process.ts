import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { worksInBulk } from "../processes/background.ts";
import { LogStream } from "../processes/log-stream.ts";
import { Program } from "../processes/program.ts";
import type { FunctionDefinition } from "./function-definition.ts";
import type { InvocationResult } from "./invocation.ts";
import { canIsolate, isolated } from "./isolation.ts";
import { OpenInvocation } from "./open-invocation.ts";
import type { Platform } from "./platform.ts";
import { processEnvironment } from "./process-environment.ts";
import { endOfInvocation } from "./process-protocol.ts";
import type { RuntimeInvocation } from "./runtime-api.ts";

/** Lambda gives a function ten seconds to load, apart from its timeout. */
const initSeconds = 10;
const bootstrap = join(import.meta.dirname, "bootstrap.ts");

/** One execution environment: a process of a function, which handles one invocation at a time. */
export class FunctionProcess {
  readonly #definition: FunctionDefinition;
  readonly #program: Program;
  readonly #log: LogStream;
  readonly #createdAt = performance.now();
  /** Undefined until the handler is loaded, and again once it was reported. */
  #initMilliseconds: number | undefined;
  #initTimer: NodeJS.Timeout | undefined;
  #initError: string | undefined;
  #timedOut = false;
  /** Set while the process waits for work. */
  #give: ((invocation: RuntimeInvocation) => void) | undefined;
  #invocation: OpenInvocation | undefined;

  /** Resolves when the process has ended, its last lines are stored and its scratch space is removed. */
  readonly ended: Promise<void>;

  constructor(definition: FunctionDefinition, platform: Platform) {
    const id = randomBytes(16).toString("hex");
    const temporaryFolder = join(platform.scratchFolder, definition.name, id);
    mkdirSync(temporaryFolder, { recursive: true });
    this.#definition = definition;
    const { logs } = platform.clients(definition.roleName);
    const logStream = `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${id}`;
    this.#log = new LogStream(logs, definition.logGroup, logStream, platform.report);
    const runtimeApi = platform.runtimeApi.connect(id, {
      next: () => this.#next(),
      responded: (requestId, payload) => this.#answered(requestId, { payload, failed: false }),
      failed: (requestId, payload) => this.#answered(requestId, { payload, failed: true }),
      initFailed: (payload) => {
        this.#initError = payload;
      },
    });
    this.#program = new Program({
      // Like Lambda's own runtime, JavaScript's heap gets nine tenths of the memory.
      arguments: [`--max-old-space-size=${Math.floor(definition.memoryMegabytes * 0.9)}`, bootstrap],
      folder: definition.folder,
      inside: isolated({
        temporaryFolder,
        taskRoot: definition.folder,
        needed: definition.mounts.map(({ folder }) => folder),
      }),
      environment: processEnvironment(definition, {
        endpoint: platform.endpoint,
        objectsEndpoint: platform.objectsEndpoint,
        credentials: platform.credentials(definition.roleName),
        runtimeApi,
        logStream,
        temporaryFolder: canIsolate() ? "/tmp" : temporaryFolder,
      }),
      background: worksInBulk(definition.name),
      onLine: (line) => this.#line(line),
    });
    this.#initTimer = this.#killAfter(Math.max(initSeconds, definition.timeoutSeconds));
    this.ended = this.#program.ended.then(async (end) => {
      clearTimeout(this.#initTimer);
      platform.runtimeApi.disconnect(id);
      await this.#endWith(end);
      await rm(temporaryFolder, { recursive: true, force: true });
    });
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  get alive(): boolean {
    return this.#program.alive;
  }

  /** Hands one invocation to the process, or keeps it until the handler is loaded. Never rejects. */
  invoke(requestId: string, event: string, trace: string): Promise<InvocationResult> {
    const invocation = new OpenInvocation(requestId, event, trace);
    this.#invocation = invocation;
    this.#handOver();
    return invocation.result;
  }

  /** SIGKILL for the process and all that it started. */
  kill(): void {
    this.#program.kill();
  }

  /** Handles a request for the next invocation: the process has loaded or has finished the previous one. */
  async #next(): Promise<RuntimeInvocation> {
    clearTimeout(this.#initTimer);
    this.#initMilliseconds ??= performance.now() - this.#createdAt;
    return new Promise((resolve) => {
      this.#give = resolve;
      if (this.#invocation?.answered) this.#settleWhenComplete();
      else this.#handOver();
    });
  }

  #handOver(): void {
    const [give, invocation] = [this.#give, this.#invocation];
    if (give === undefined || invocation === undefined) return;
    this.#give = undefined;
    invocation.begunAt = performance.now();
    invocation.timer = this.#killAfter(this.#definition.timeoutSeconds);
    this.#write(`START RequestId: ${invocation.requestId} Version: $LATEST`);
    give({
      requestId: invocation.requestId,
      event: invocation.event,
      trace: invocation.trace,
      deadline: Date.now() + this.#definition.timeoutSeconds * 1000,
      functionArn: this.#definition.arn,
    });
  }

  #killAfter(seconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timedOut = true;
      this.kill();
    }, seconds * 1000);
  }

  #line(line: string): void {
    const marked = line.endsWith(endOfInvocation);
    const message = (marked ? line.slice(0, -endOfInvocation.length) : line).replaceAll("\r", "\n");
    if (message !== "") this.#write(message);
    if (!marked) return;
    this.#invocation?.mark();
    this.#settleWhenComplete();
  }

  #write(message: string): void {
    this.#log.write(message);
    this.#invocation?.log.push(message);
  }

  #answered(requestId: string, outcome: { payload: string; failed: boolean }): void {
    if (this.#invocation?.requestId === requestId) this.#invocation.answer(outcome);
  }

  /** An invocation is over when it is answered, its lines are read, and the process asks for the next. */
  #settleWhenComplete(): void {
    if (this.#invocation?.complete && this.#give !== undefined) this.#settle(this.#invocation);
  }

  #settle(invocation: OpenInvocation): void {
    clearTimeout(invocation.timer);
    const memory = peakMegabytes(this.pid);
    const { requestId, begunAt } = invocation;
    const duration = begunAt === undefined ? 0 : performance.now() - begunAt;
    const init = this.#initMilliseconds;
    this.#write(`END RequestId: ${requestId}`);
    this.#write(
      [
        `REPORT RequestId: ${requestId}`,
        `Duration: ${duration.toFixed(2)} ms`,
        `Billed Duration: ${Math.ceil(duration)} ms`,
        `Memory Size: ${this.#definition.memoryMegabytes} MB`,
        `Max Memory Used: ${memory} MB`,
        ...(init === undefined || init === 0 ? [] : [`Init Duration: ${init.toFixed(2)} ms`]),
      ].join("\t"),
    );
    this.#initMilliseconds = 0;
    this.#invocation = undefined;
    invocation.settle();
  }

  async #endWith(end: string): Promise<void> {
    const invocation = this.#invocation;
    if (invocation !== undefined) {
      const { requestId } = invocation;
      if (this.#timedOut) {
        const message = `Task timed out after ${this.#definition.timeoutSeconds.toFixed(2)} seconds`;
        this.#write(`${new Date().toISOString()} ${requestId} ${message}\n`);
        invocation.fail("Sandbox.Timedout", message);
      } else if (this.#initError !== undefined) {
        invocation.answer({ payload: this.#initError, failed: true });
      } else if (!invocation.answered) {
        this.#write(`RequestId: ${requestId} Error: Runtime exited with error: ${end}\nRuntime.ExitError`);
        invocation.fail("Runtime.ExitError", `Runtime exited with error: ${end}`);
      }
      this.#settle(invocation);
    }
    await this.#log.flush();
  }
}

/**
 * Returns the peak memory of the process; 0 after its end. Reads synchronously, because the kernel answers immediately
 * and a thread would delay the caller.
 */
function peakMegabytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.ceil(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
