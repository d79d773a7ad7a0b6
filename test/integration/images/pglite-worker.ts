import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

/** PGlite loads itself by dynamic imports, which a test's own context does not have. */
const pg = await PGlite.create({ dataDir: workerData.folder, extensions: { vector } });

parentPort?.on(
  "message",
  async ({ id, sql, values }: { id: number; sql?: string; values: readonly unknown[] }) => {
    try {
      if (sql === undefined) {
        await pg.close();
        parentPort?.postMessage({ id });
        return;
      }
      const { rows, affectedRows } = await pg.query(sql, [...values]);
      parentPort?.postMessage({ id, rows: JSON.stringify(rows), affectedRows });
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      parentPort?.postMessage({ id, error: { message, code } });
    }
  },
);
