/** PostgreSQL in a process of its own: the argument is the folder of its data. It ends with the process that forked it. */
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import type { Answer, Request } from "./messages.ts";
import { Session, SqlError } from "./session.ts";

process.once("disconnect", () => process.exit());

const database = await PGlite.create({ dataDir: process.argv[2] ?? "", extensions: { vector } });
const session = new Session(database);

async function answer(request: Request): Promise<Answer> {
  try {
    switch (request.ask) {
      case "statement":
        return { result: await session.run(request.login, request.sql, request.parameters) };
      case "administer":
        await session.administer(request.statements);
        return { done: true };
      case "close":
        await database.close();
        return { done: true };
    }
  } catch (error) {
    if (error instanceof SqlError) return { failure: error.failure };
    throw error;
  }
}

process.on("message", (request: Request) => {
  // An error outside of SQL ends the process; the database then opens again from its write-ahead log.
  void answer(request).then((reply) => process.send?.(reply));
});
process.send?.("open");
