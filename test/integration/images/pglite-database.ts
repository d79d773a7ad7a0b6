import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Database, SqlParameters, Statements } from "../../../core/images/database/database.ts";
import { DatabaseStatementError } from "../../../core/images/database/database-errors.ts";
import { migrate } from "../../../core/images/database/migrate.ts";
import { silentLog } from "../../../core/log.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import { Semaphore } from "../../../core/resilience/semaphore.ts";

export const dimensions = 8;

/** PostgreSQL itself, without the Data API between. */
export interface TestDatabase extends Database {
  close(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly rows?: string;
  readonly affectedRows?: number;
  readonly error?: { readonly message: string; readonly code?: string };
}

/** In memory, or in a folder, which may have one already. */
export async function emptyDatabase(folder?: string): Promise<TestDatabase> {
  const worker = new Worker(join(import.meta.dirname, "pglite-worker.ts"), { workerData: { folder } });
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.on("message", (answer: Answer) => waiting.get(answer.id)?.(answer));
  let id = 0;
  const asked = async (request: object): Promise<Answer> => {
    id += 1;
    const own = id;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(own, resolve);
      worker.postMessage({ id: own, ...request });
    });
    waiting.delete(own);
    return answer;
  };
  const send = async (sql: string, parameters: SqlParameters = {}): Promise<Answer> => {
    const names: string[] = [];
    const positional = sql.replace(/(?<![:\w]):([a-z]\w*)/gi, (_, name: string) => {
      if (!names.includes(name)) names.push(name);
      return `$${names.indexOf(name) + 1}`;
    });
    const answer = await asked({ sql: positional, values: names.map((name) => parameters[name]) });
    if (answer.error === undefined) return answer;
    throw new DatabaseStatementError(`ERROR: ${answer.error.message}; SQLState: ${answer.error.code}`);
  };
  const statements: Statements = {
    async query(row, sql, parameters) {
      const { rows = "[]" } = await send(sql, parameters);
      return (JSON.parse(rows) as unknown[]).map((one) => row.parse(one));
    },
    async execute(sql, parameters) {
      return (await send(sql, parameters)).affectedRows ?? 0;
    },
  };
  // There is one session.
  const turn = new Semaphore(1);
  return {
    query: (row, sql, parameters) => turn.use(() => statements.query(row, sql, parameters)),
    execute: (sql, parameters) => turn.use(() => statements.execute(sql, parameters)),
    transaction: (work) =>
      turn.use(async () => {
        await send("begin");
        try {
          const result = await work(statements);
          await send("commit");
          return result;
        } catch (error) {
          await send("rollback");
          throw error;
        }
      }),
    close: async () => {
      await asked({});
      await worker.terminate();
    },
  };
}

export async function migrated(database: Database): Promise<number[]> {
  return migrate(
    { database, clock: systemClock, giveUpAt: Number.POSITIVE_INFINITY, log: silentLog },
    { dimensions, role: "vectorkeep_images", password: "it's secret" },
  );
}
