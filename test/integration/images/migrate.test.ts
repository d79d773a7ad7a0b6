import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { migrate } from "../../../core/images/database/migrate.ts";
import { migrations } from "../../../core/images/database/migrations/all.ts";
import { silentLog } from "../../../core/log.ts";
import { dimensions, emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";

describe("migrating the database of the image flow", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await emptyDatabase();
    expect(await migrated(database)).toEqual([1, 2]);
  });
  afterAll(() => database.close());

  const run = (options: Partial<Parameters<typeof migrate>[1]>, giveUpAt = Number.POSITIVE_INFINITY) => {
    let now = 0;
    const sleep = async (ms: number) => {
      now += ms;
    };
    const clock = { now: () => now, sleep };
    const given = { dimensions, role: "vectorkeep_images", password: "x", ...options };
    return migrate({ database, clock, giveUpAt, log: silentLog }, given);
  };

  test("has nothing to do the second time", async () => {
    expect(await migrated(database)).toEqual([]);
  });

  test("starts again from the first statement after an interruption", async () => {
    await database.execute("delete from schema_migrations");
    expect(await migrated(database)).toEqual([1, 2]);
  });

  test("refuses a migration that was changed after its release", async () => {
    const [first] = migrations;
    if (first === undefined) throw new Error("there is no migration");
    const changed = [{ ...first, statements: [...first.statements, "select 1"] }];
    await expect(run({ migrations: changed })).rejects.toMatchObject({ code: "VK_MIGRATION_CHANGED" });
  });

  test("refuses other dimensions than the stored vectors have", async () => {
    await expect(run({ dimensions: 16 })).rejects.toMatchObject({ code: "VK_VECTOR_DIMENSIONS_CHANGED" });
  });

  test("waits for the lock of another process, and takes over one that expired", async () => {
    const hold = (seconds: number) =>
      database.execute(
        "insert into migration_lock (holder, expires_at) values ('other', now() + make_interval(secs => :seconds)) on conflict (one) do update set expires_at = excluded.expires_at",
        { seconds },
      );
    await hold(60);
    await expect(run({}, 30_000)).rejects.toMatchObject({ code: "VK_MIGRATION_LOCKED" });
    await hold(-1);
    expect(await run({})).toEqual([]);
  });

  test("leaves the role of the functions with rights on their tables, and no others", async () => {
    const row = z.object({ table_name: z.string() });
    const granted = await database.query(
      row,
      "select distinct table_name from information_schema.role_table_grants where grantee = 'vectorkeep_images' order by 1",
    );
    expect(granted.map(({ table_name }) => table_name)).toEqual([
      "analyses",
      "claims",
      "embeddings",
      "items",
      "spending",
    ]);
  });
});

test("the owner, who is no superuser, may set the role's search in a session without pgvector's library", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-migrate-"));
  let database = await emptyDatabase(folder);
  for (const statement of [
    "create extension vector",
    "create role owner createrole",
    "set role owner",
    "create role vectorkeep_images login",
  ]) {
    await database.execute(statement);
  }
  await database.close();

  // Each call of the Data API may have a session of its own.
  database = await emptyDatabase(folder);
  await database.execute("set role owner");
  const settings = migrations.flatMap(({ statements }) => statements.filter((one) => /\bhnsw\./.test(one)));
  expect(settings).not.toEqual([]);
  for (const statement of settings)
    await database.execute(statement.replaceAll("{role}", "vectorkeep_images"));
  const row = z.object({ rolconfig: z.array(z.string()) });
  const roles = await database.query(
    row,
    "select rolconfig from pg_roles where rolname = 'vectorkeep_images'",
  );
  expect(roles).toEqual([{ rolconfig: ["hnsw.iterative_scan=strict_order", "hnsw.ef_search=100"] }]);
  await database.close();
  await rm(folder, { recursive: true });
}, 60_000);
