import { randomBytes } from "node:crypto";
import type { Clock } from "../../../core/resilience/clock.ts";
import { Semaphore } from "../../../core/resilience/semaphore.ts";
import type { Login } from "../../postgres/messages.ts";
import type { Postgres } from "../../postgres/postgres.ts";
import { AwsError } from "../../protocol/service.ts";

const idleMs = 180_000;
const statementTimeoutMs = 45_000;

interface Transaction {
  readonly id: string;
  readonly login: Login;
  readonly ended: AbortController;
  usedAt: number;
  running: boolean;
}

/**
 * Assigns the database's only session: to the open transaction, otherwise to one call after the other. Unlike in
 * Aurora, calls outside an open transaction wait for its end.
 */
export class Transactions {
  readonly #postgres: Postgres;
  readonly #clock: Clock;
  readonly #session = new Semaphore(1);
  #open: Transaction | undefined;

  constructor(postgres: Postgres, clock: Clock) {
    this.#postgres = postgres;
    this.#clock = clock;
  }

  /** Throws StatementTimeoutException if the session is not free in time. */
  async outside<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let begun = false;
    const waiting = new AbortController();
    const overdue = this.#clock.sleep(statementTimeoutMs, waiting.signal).then(
      () => "overdue",
      () => "begun",
    );
    const done = this.#session.use(async () => {
      if (begun || signal.aborted) return undefined;
      begun = true;
      waiting.abort();
      return { value: await work() };
    });
    const first = await Promise.race([done, overdue.then((state) => (state === "begun" ? done : undefined))]);
    if (first !== undefined) return first.value;
    // The call gave up; its turn does nothing.
    begun = true;
    throw new AwsError(400, "StatementTimeoutException", "Request timed out");
  }

  begin(login: Login, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const held = (): Promise<void> =>
        this.outside(async () => {
          await this.#postgres.run(login, "begin");
          const transaction: Transaction = {
            id: randomBytes(96).toString("base64"),
            login,
            ended: new AbortController(),
            usedAt: this.#clock.now(),
            running: false,
          };
          this.#open = transaction;
          const end = new Promise((released) => transaction.ended.signal.addEventListener("abort", released));
          void this.#rollBackWhenIdle(transaction);
          resolve(transaction.id);
          await end;
        }, signal);
      held().catch(reject);
    });
  }

  /** Work of an open transaction, which ends with the first call that fails. Throws TransactionNotFoundException. */
  async inside<T>(id: string, work: () => Promise<T>): Promise<T> {
    const transaction = this.#existing(id);
    if (transaction.running) {
      throw new AwsError(400, "DatabaseErrorException", "Transaction is still running a query");
    }
    transaction.running = true;
    try {
      return await work();
    } catch (error) {
      await this.#rollBack(transaction);
      throw error;
    } finally {
      transaction.running = false;
      transaction.usedAt = this.#clock.now();
    }
  }

  async commit(id: string): Promise<void> {
    const transaction = this.#existing(id);
    await this.inside(id, async () => {
      await this.#postgres.run(transaction.login, "commit");
    });
    this.#end(transaction);
  }

  async rollBack(id: string): Promise<void> {
    await this.#rollBack(this.#existing(id));
  }

  async #rollBack(transaction: Transaction): Promise<void> {
    try {
      await this.#postgres.run(transaction.login, "rollback");
    } catch {
      // The process ended, and the transaction with it.
    } finally {
      this.#end(transaction);
    }
  }

  #end(transaction: Transaction): void {
    if (this.#open === transaction) this.#open = undefined;
    transaction.ended.abort();
  }

  async #rollBackWhenIdle(transaction: Transaction): Promise<void> {
    const { signal } = transaction.ended;
    try {
      while (!signal.aborted) {
        const left = transaction.usedAt + idleMs - this.#clock.now();
        if (left > 0 || transaction.running) await this.#clock.sleep(Math.max(left, 1_000), signal);
        else await this.#rollBack(transaction);
      }
    } catch {
      // It has ended.
    }
  }

  #existing(id: string): Transaction {
    if (this.#open?.id === id) return this.#open;
    throw new AwsError(404, "TransactionNotFoundException", `Transaction ${id} is not found`);
  }
}
