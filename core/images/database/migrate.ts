import { createHash, randomUUID } from "node:crypto";
import * as z from "zod";
import type { Log } from "../../log.ts";
import { exponentialMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { Database } from "./database.ts";
import { migrations as released } from "./migrations/all.ts";
import type { Migration } from "./migrations/migration.ts";

/** The lease of the migration lock, after which another process may take it. */
const lockSeconds = 600;
const lockBackoff = { firstMs: 500, maxMs: 5_000 };
const maxLockAttempts = 200;

/** A migration was changed after it had been applied. */
export class MigrationChangedError extends VectorkeepError {
  constructor({ number, name }: Migration) {
    super(
      `Migration ${number} (${name}) is not the one that this database has.`,
      "Restore it and put the change into a new migration.",
    );
  }
}

/** Another process is applying migrations. */
export class MigrationLockedError extends VectorkeepError {
  constructor() {
    super(
      "Another process is applying migrations to the database.",
      "Deploy again when it has finished; a lock of a process that died expires after ten minutes.",
    );
  }
}

/** The vectors of the database have other dimensions than the setting. */
export class VectorDimensionsChangedError extends VectorkeepError {
  constructor(stored: number, wanted: number) {
    super(
      `The database holds vectors of ${stored} dimensions, and images:embeddingDimensions is ${wanted}.`,
      "Set it back, or drop the table embeddings and the first row of schema_migrations, deploy, and run `npm run verify -- images --repair`.",
    );
  }
}

export interface MigrateDeps {
  /** Connected as the owner of the database. */
  readonly database: Database;
  readonly clock: Clock;
  /** The deadline for the lock, by `clock`. */
  readonly giveUpAt: number;
  readonly log: Log;
}

export interface MigrateOptions {
  readonly dimensions: number;
  /** The role of the functions, and its password. */
  readonly role: string;
  readonly password: string;
  /** @default the released ones */
  readonly migrations?: readonly Migration[];
}

const applied = z.object({ number: z.number(), sha256: z.string() });

/**
 * Applies the missing migrations in order and under a lock, and sets the role's password. Returns the numbers of the
 * applied ones.
 */
export async function migrate(
  { database, clock, giveUpAt, log }: MigrateDeps,
  { dimensions, role, password, migrations = released }: MigrateOptions,
): Promise<number[]> {
  await prepare(database, role, password);
  const holder = randomUUID();
  await takeLock(database, holder, { clock, giveUpAt });
  try {
    const known = await database.query(applied, "select number, sha256 from schema_migrations");
    const done: number[] = [];
    for (const migration of migrations) {
      const sha256 = hashOf(migration);
      const before = known.find(({ number }) => number === migration.number);
      if (before !== undefined && before.sha256 !== sha256) throw new MigrationChangedError(migration);
      if (before !== undefined) continue;
      for (const statement of migration.statements) {
        await database.execute(filledIn(statement, { dimensions: String(dimensions), role: nameOf(role) }));
      }
      await database.execute(
        "insert into schema_migrations (number, sha256) values (:number, :sha256) on conflict (number) do nothing",
        { number: migration.number, sha256 },
      );
      done.push(migration.number);
      log.info("A migration was applied", { step: `${migration.number}: ${migration.name}` });
    }
    await checkDimensions(database, dimensions);
    return done;
  } finally {
    await database.execute("delete from migration_lock where holder = :holder", { holder });
  }
}

/** Creates the role and the tables that the lock needs. Each statement is safe in two concurrent processes. */
async function prepare(database: Database, role: string, password: string): Promise<void> {
  await database.execute(
    "create table if not exists schema_migrations (number int primary key, sha256 text not null, applied_at timestamptz not null default now())",
  );
  await database.execute(
    "create table if not exists migration_lock (one boolean primary key default true check (one), holder text not null, expires_at timestamptz not null)",
  );
  // Neither statement accepts parameters.
  await database.execute(
    `do $do$ begin create role ${nameOf(role)} login; exception when duplicate_object then null; end $do$`,
  );
  await database.execute(`alter role ${nameOf(role)} login password ${quoted(password)}`);
}

/** The lock is a row, because each call of the Data API ends its session and thereby a session's lock. */
async function takeLock(
  database: Database,
  holder: string,
  { clock, giveUpAt }: Pick<MigrateDeps, "clock" | "giveUpAt">,
): Promise<void> {
  const attempt = async (): Promise<Attempt<void>> => {
    const taken = await database.execute(
      `insert into migration_lock (holder, expires_at) values (:holder, now() + make_interval(secs => :seconds))
       on conflict (one) do update set holder = excluded.holder, expires_at = excluded.expires_at
       where migration_lock.expires_at < now()`,
      { holder, seconds: lockSeconds },
    );
    return taken === 1
      ? { kind: "done", value: undefined }
      : { kind: "retry", error: new MigrationLockedError() };
  };
  await retry(attempt, {
    maxAttempts: maxLockAttempts,
    giveUpAt,
    backoffMs: (failed) => exponentialMs(lockBackoff, failed),
    clock,
    exhausted: ({ error }) => error,
  });
}

async function checkDimensions(database: Database, wanted: number): Promise<void> {
  const [column] = await database.query(
    z.object({ dimensions: z.number() }),
    "select atttypmod as dimensions from pg_attribute where attrelid = 'embeddings'::regclass and attname = 'vector'",
  );
  const stored = column?.dimensions ?? wanted;
  if (stored !== wanted) throw new VectorDimensionsChangedError(stored, wanted);
}

function hashOf({ statements }: Migration): string {
  return createHash("sha256").update(statements.join("\0")).digest("hex");
}

function filledIn(statement: string, values: Readonly<Record<string, string>>): string {
  return statement.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Quotes an identifier. */
function nameOf(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
