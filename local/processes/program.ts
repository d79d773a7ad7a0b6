import { type ChildProcess, spawn } from "node:child_process";
import { atLowerPriority, lowerSession } from "./background.ts";
import { eachLine } from "./line-splitter.ts";

/** Receives a child's lines, by stream. */
export type LineReader = (line: string, from: "stdout" | "stderr") => void;

export interface ProgramOptions {
  readonly arguments: readonly string[];
  readonly folder: string;
  /** A command with its arguments that runs the program in its own place. */
  readonly inside?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it makes way for programs that are not in the background. */
  readonly background?: boolean;
  readonly onLine: LineReader;
}

/** How a program ended, in Lambda's words: `exit status 1` or `signal: killed`. */
export type ProgramEnd = string;

/**
 * A Node program in its own process group. The group ends with the program and with this process: the
 * program calls dieWithTheStack for that.
 */
export class Program {
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and all its lines were read. */
  readonly ended: Promise<ProgramEnd>;

  constructor(options: ProgramOptions) {
    const [command = "", ...commandArguments] = [
      ...(options.background ? atLowerPriority : []),
      ...(options.inside ?? []),
      process.execPath,
    ];
    this.#child = spawn(command, [...commandArguments, ...options.arguments], {
      cwd: options.folder,
      env: { ...options.environment },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: true,
    });
    if (options.background && this.#child.pid !== undefined) void lowerSession(this.#child.pid);
    const { stdout, stderr } = this.#child;
    if (stdout !== null) eachLine(stdout, (line) => options.onLine(line, "stdout"));
    if (stderr !== null) eachLine(stderr, (line) => options.onLine(line, "stderr"));
    const lifeline = this.#child.stdio[3];
    lifeline?.on("error", () => {});
    this.#child.once("exit", () => this.kill());
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (code, signal) =>
        resolve(
          signal === null ? `exit status ${code}` : `signal: ${signal === "SIGKILL" ? "killed" : signal}`,
        ),
      );
    });
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL for the program and all that it started. */
  kill(): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // The group has ended already.
    }
  }

  /** Sends SIGTERM to the program, and after the grace period SIGKILL to all remaining processes. */
  async stop(graceMilliseconds: number): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), graceMilliseconds);
    await this.ended;
    clearTimeout(timer);
  }
}
