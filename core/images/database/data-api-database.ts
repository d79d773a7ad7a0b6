import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type Field,
  type RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import * as z from "zod";
import { jitteredMs } from "../../resilience/backoff.ts";
import { type Clock, systemClock } from "../../resilience/clock.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import type { Database, SqlParameters, SqlValue, Statements } from "./database.ts";
import {
  DatabaseNotAllowedError,
  DatabaseRowInvalidError,
  DatabaseStatementError,
  DatabaseUnavailableError,
  isConflict,
} from "./database-errors.ts";

/** Attempts of a call after transient errors. Waiting for a paused cluster is not an attempt. */
const maxAttempts = 5;
/** Attempts of a transaction after conflicts with other ones. */
const maxConflicts = 8;
const backoff = { firstMs: 100, maxMs: 5_000 };
/** A paused cluster takes seconds to start, and rejects calls meanwhile. */
const resumingMs = 2_000;

const transient = new Set([
  "DatabaseUnavailableException",
  "InternalServerErrorException",
  "ServiceUnavailableError",
  "StatementTimeoutException",
  "ThrottlingException",
  "TransactionNotFoundException",
  "TimeoutError",
]);
const refused = new Set(["DatabaseErrorException", "BadRequestException", "UnsupportedResultException"]);

export interface DataApiOptions {
  readonly client: RDSDataClient;
  readonly clusterArn: string;
  /** The ARN of the secret with the user name and password of the database role. */
  readonly secretArn: string;
  readonly database: string;
  /** Epoch milliseconds after which no attempt starts. */
  readonly giveUpAt: number;
  /** @default the system's */
  readonly clock?: Clock;
}

/** The database behind the RDS Data API. It needs no connections, and the cluster may pause between calls. */
export class DataApiDatabase implements Database {
  readonly #options: DataApiOptions;
  readonly #clock: Clock;

  constructor(options: DataApiOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  query<Row extends z.ZodType>(row: Row, sql: string, parameters?: SqlParameters): Promise<z.infer<Row>[]> {
    return this.#repeated(() => this.#query(row, sql, parameters));
  }

  execute(sql: string, parameters?: SqlParameters): Promise<number> {
    return this.#repeated(async () => (await this.#send(sql, parameters)).numberOfRecordsUpdated ?? 0);
  }

  /** Repeats the whole transaction after an error, because a failed call ends it. */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#repeated(() => this.#transaction(work));
  }

  async #transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    const { client, clusterArn: resourceArn, secretArn, database } = this.#options;
    const { transactionId } = await client.send(
      new BeginTransactionCommand({ resourceArn, secretArn, database }),
    );
    try {
      const result = await work({
        query: (row, sql, parameters) => this.#query(row, sql, parameters, transactionId),
        execute: async (sql, parameters) =>
          (await this.#send(sql, parameters, transactionId)).numberOfRecordsUpdated ?? 0,
      });
      await client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));
      return result;
    } catch (error) {
      // The Data API may already have rolled back; otherwise it does so after three minutes.
      await client
        .send(new RollbackTransactionCommand({ resourceArn, secretArn, transactionId }))
        .catch(() => undefined);
      throw error;
    }
  }

  async #query<Row extends z.ZodType>(
    row: Row,
    sql: string,
    parameters?: SqlParameters,
    transactionId?: string,
  ): Promise<z.infer<Row>[]> {
    const { formattedRecords } = await this.#send(sql, parameters, transactionId);
    if (formattedRecords === undefined) throw new DatabaseRowInvalidError("the statement returns none");
    const parsed = z.array(row).safeParse(JSON.parse(formattedRecords));
    if (!parsed.success) throw new DatabaseRowInvalidError(z.prettifyError(parsed.error));
    return parsed.data;
  }

  #send(sql: string, parameters: SqlParameters = {}, transactionId?: string) {
    const { client, clusterArn: resourceArn, secretArn, database } = this.#options;
    return client.send(
      new ExecuteStatementCommand({
        resourceArn,
        secretArn,
        database,
        sql,
        parameters: Object.entries(parameters).map(toParameter),
        formatRecordsAs: "JSON",
        ...(transactionId !== undefined && { transactionId }),
      }),
    );
  }

  #repeated<T>(work: () => Promise<T>): Promise<T> {
    let conflicts = 0;
    const attempt = async (): Promise<Attempt<T>> => {
      try {
        return { kind: "done", value: await work() };
      } catch (caught) {
        const error = named(caught);
        if (isResuming(caught)) return { kind: "defer", delayMs: resumingMs, error };
        if (isTransient(caught)) return { kind: "retry", error };
        if (!isConflict(error)) throw error;
        conflicts += 1;
        if (conflicts >= maxConflicts) throw error;
        return { kind: "defer", delayMs: jitteredMs(backoff, conflicts), error };
      }
    };
    return retry(attempt, {
      maxAttempts,
      giveUpAt: this.#options.giveUpAt,
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock: this.#clock,
      exhausted: ({ error }) => new DatabaseUnavailableError(error.message, { cause: error }),
    });
  }
}

function toParameter([name, value]: [string, SqlValue]): SqlParameter {
  return { name, value: fieldOf(value) };
}

function fieldOf(value: SqlValue): Field {
  if (value === null) return { isNull: true };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { booleanValue: value };
  return Number.isInteger(value) ? { longValue: value } : { doubleValue: value };
}

/**
 * Detects a cluster that is resuming. The SDK does not retry this error, because its status is 400. Older clusters only
 * name it in the message.
 */
function isResuming(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === "DatabaseResumingException" || /resuming after being auto-paused/i.test(message);
}

function isTransient(error: unknown): boolean {
  const { name, code } = error as Error & { code?: unknown };
  if (transient.has(name)) return true;
  // A connection that failed below HTTP has no response.
  return typeof code === "string" && /^E[A-Z]+$/.test(code) && !("$response" in (error as object));
}

/** Maps an error of the Data API to an error of this project. */
function named(caught: unknown): Error {
  const error = caught instanceof Error ? caught : new Error(String(caught));
  if (!("$fault" in error)) return error;
  if (refused.has(error.name)) return new DatabaseStatementError(error.message, { cause: error });
  if (isResuming(error) || isTransient(error)) return error;
  return new DatabaseNotAllowedError(`${error.name}: ${error.message}`, { cause: error });
}
