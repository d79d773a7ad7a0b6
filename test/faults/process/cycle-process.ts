import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cycleProgram } from "./bundle.ts";
import type { Answer, Harm } from "./harm.ts";

export interface CycleProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** File of Chroma's native library. */
  readonly library: string;
  /** Folder in which the process gets a scratch folder of its own. */
  readonly folder: string;
  readonly harms?: readonly Harm[];
  /** What each call of the vector store takes beyond its own time. */
  readonly slowMs?: number;
  /** How wrong its wall clock is. */
  readonly wallClockOffByMs?: number;
  /** In 512-byte blocks, as `ulimit -f` has it. */
  readonly maxFileBytes?: number;
}

/** The process of an invocation has ended, or was ended at its time limit. */
export class ProcessGoneError extends Error {}

let program: Promise<string> | undefined;
const skew = join(import.meta.dirname, "skewed-wall-clock.ts");

/** A process of the compaction function, invoked as Lambda does: once at a time, and killed at its time limit. */
export class CycleProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #said = "";
  #invoked = 0;
  /** Of the last invocation that was answered. */
  calls: readonly string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = once(child, "exit");
    const keep = (chunk: string) => {
      this.#said += chunk;
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
  }

  static async start(options: CycleProcessOptions): Promise<CycleProcess> {
    const { environment, library, folder, harms = [], slowMs = 0, wallClockOffByMs, maxFileBytes } = options;
    program ??= cycleProgram();
    const file = await program;
    const scratch = mkdtempSync(join(folder, "scratch-"));
    const preload = wallClockOffByMs === undefined ? [] : ["--import", skew];
    const child = fork(file, [library, scratch, JSON.stringify(harms), String(slowMs)], {
      ...(maxFileBytes === undefined ? { execArgv: preload } : limited(maxFileBytes, preload)),
      env: {
        PATH: process.env.PATH,
        ...environment,
        ...(wallClockOffByMs !== undefined && { WALL_CLOCK_OFF_BY_MS: String(wallClockOffByMs) }),
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const started = new CycleProcess(child);
    const failed = started.#gone.then(() => {
      throw new ProcessGoneError(`The process ended before it was up. It said: ${started.log}`);
    });
    await Promise.race([once(child, "message"), failed]);
    failed.catch(() => undefined);
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has printed. */
  get log(): string {
    return this.#said;
  }

  /** Resolves to the ids of the messages to redeliver. Rejects with the handler's error, or ProcessGoneError. */
  async invoke(event: object, milliseconds: number): Promise<readonly string[]> {
    this.#invoked += 1;
    const id = this.#invoked;
    const timeLimit = setTimeout(() => this.#child.kill("SIGKILL"), milliseconds);
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const listen = (message: Answer) => {
          if (message.id !== id) return;
          this.#child.off("message", listen);
          resolve(message);
        };
        this.#child.on("message", listen);
        this.#gone.then(() => reject(new ProcessGoneError(`Process ${this.pid} is gone.`)));
        // The callback keeps a process that is gone by now from failing the test: `gone` tells.
        this.#child.send({ id, event, milliseconds: milliseconds - 2_000 }, () => undefined);
      });
      this.calls = answer.calls;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.failed ?? [];
    } finally {
      clearTimeout(timeLimit);
    }
  }

  /** Resolves once the process is stopped, or is gone. */
  async stopped(): Promise<void> {
    while (this.#isAlive() && !/^State:\s+T/m.test(readFileSync(`/proc/${this.pid}/status`, "utf8"))) {
      await pause(10);
    }
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** Node behind a shell that limits the size of files, for itself and for what it starts. */
function limited(blocks: number, nodeArguments: readonly string[]) {
  const command = `ulimit -f ${blocks}; exec "$0" "$@"`;
  return { execPath: "/bin/sh", execArgv: ["-c", command, process.execPath, ...nodeArguments] };
}
