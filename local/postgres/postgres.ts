import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Semaphore } from "../../core/resilience/semaphore.ts";
import type { Answer, Login, Parameter, Request, SqlFailure, StatementResult } from "./messages.ts";
import { createDataFolder } from "./template-folder.ts";

const program = join(import.meta.dirname, "postgres-program.ts");

/** A statement that the database refused. */
export class StatementFailedError extends Error {
  readonly failure: SqlFailure;

  constructor(failure: SqlFailure) {
    super(failure.message);
    this.name = "StatementFailedError";
    this.failure = failure;
  }
}

/** The process ended before it answered; whether the statement took effect is unknown. The next one starts it again. */
export class PostgresEndedError extends Error {
  constructor(how: string) {
    super(`The database process ended before it answered: ${how}.`);
    this.name = "PostgresEndedError";
  }
}

/**
 * PostgreSQL with pgvector (PGlite) in a process of its own over a folder, with one session. The process starts with the
 * first statement, and again after it has ended.
 */
export class Postgres {
  readonly #folder: string;
  /** Only one statement runs at a time. */
  readonly #turn = new Semaphore(1);
  #child: ChildProcess | undefined;
  #closed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined while the process is not up. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Throws StatementFailedError and PostgresEndedError. */
  async run(login: Login, sql: string, parameters: readonly Parameter[] = []): Promise<StatementResult> {
    const answer = await this.#ask({ ask: "statement", login, sql, parameters });
    if ("result" in answer) return answer.result;
    throw new Error("The database process answered a statement without its result.");
  }

  /** Runs statements as the superuser. Throws StatementFailedError and PostgresEndedError. */
  async administer(statements: readonly string[]): Promise<void> {
    await this.#ask({ ask: "administer", statements });
  }

  /** Resolves when the process has ended. Committed data is in the folder. */
  async close(): Promise<void> {
    await this.#turn.use(async () => {
      this.#closed = true;
      const child = this.#child;
      if (child === undefined) return;
      const ended = once(child, "exit");
      await exchange(child, { ask: "close" }).catch(() => {});
      if (child.connected) child.disconnect();
      await ended;
    });
  }

  #ask(request: Request): Promise<Answer> {
    return this.#turn.use(async () => {
      if (this.#closed) throw new PostgresEndedError("it was closed");
      this.#child ??= await this.#open();
      const answer = await exchange(this.#child, request);
      if ("failure" in answer) throw new StatementFailedError(answer.failure);
      return answer;
    });
  }

  async #open(): Promise<ChildProcess> {
    if (!existsSync(this.#folder)) await createDataFolder(this.#folder, initialize);
    const child = await start(this.#folder);
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }
}

/** PGlite runs initdb if a folder has no database yet. */
async function initialize(folder: string): Promise<void> {
  const child = await start(folder);
  const ended = once(child, "exit");
  await exchange(child, { ask: "close" });
  child.disconnect();
  await ended;
}

async function start(folder: string): Promise<ChildProcess> {
  const child = fork(program, [folder], { serialization: "advanced", execArgv: [] });
  await answerOf(child, () => {});
  return child;
}

function exchange(child: ChildProcess, request: Request): Promise<Answer> {
  return answerOf<Answer>(child, () => child.send(request));
}

function answerOf<T>(child: ChildProcess, ask: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off("message", onMessage);
      child.off("exit", onExit);
    };
    const onMessage = (message: unknown) => {
      settle();
      resolve(message as T);
    };
    const onExit = (code: number | null, signal: string | null) => {
      settle();
      reject(new PostgresEndedError(signal ?? `exit status ${code}`));
    };
    child.on("message", onMessage);
    child.on("exit", onExit);
    if (!child.connected) onExit(child.exitCode, child.signalCode);
    else ask();
  });
}
