import { type messages, type PGlite, protocol } from "@electric-sql/pglite";
import type { Login, Parameter, SqlFailure, StatementResult } from "./messages.ts";
import { passwordMatches } from "./passwords.ts";
import { quoteIdentifier } from "./quote.ts";

const { serialize } = protocol;

const superuser = "postgres";
const createsExtension = /^\s*create\s+extension\b/i;
/** Statements of these tags leave nothing behind in the session, unless they call one of these functions. */
const tracelessTag = /^(SELECT|INSERT|UPDATE|DELETE|MERGE) /;
const leavesTrace = /\b(set_config|setseed|setval|nextval|pg_\w*advisory\w*)\b/i;
const invalidPassword = "28P01";

/** A statement that the server refused. */
export class SqlError extends Error {
  readonly failure: SqlFailure;

  constructor(failure: SqlFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * The one session that PGlite has, lent to one login after another. Each statement outside a transaction finds it as new:
 * parameters are reset, and those of the role are set, as when a client connects.
 */
export class Session {
  readonly #database: PGlite;
  /** The login of the session, if no statement has changed its state. */
  #fresh: Login | undefined;
  #inTransaction = false;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /** Throws SqlError. */
  async run(login: Login, sql: string, parameters: readonly Parameter[]): Promise<StatementResult> {
    if (!this.#inTransaction) await this.#logIn(login);
    const result = await (createsExtension.test(sql)
      ? this.#createExtension(login, sql)
      : this.#execute(sql, parameters));
    if (!tracelessTag.test(result.tag) || leavesTrace.test(sql)) this.#fresh = undefined;
    return result;
  }

  /** Runs statements as the superuser. Throws SqlError. */
  async administer(statements: readonly string[]): Promise<void> {
    await this.#becomeSuperuser();
    for (const statement of statements) await this.#execute(statement);
  }

  async #logIn({ user, password }: Login): Promise<void> {
    if (this.#fresh?.user === user && this.#fresh.password === password) return;
    await this.#becomeSuperuser();
    const known = await this.#execute("select rolpassword, rolcanlogin from pg_authid where rolname = $1", [
      { type: 19, text: user },
    ]);
    const [rolpassword = "", canLogIn] = known.rows[0] ?? [];
    if (canLogIn !== "t" || user === superuser || !passwordMatches(password, rolpassword ?? "")) {
      throw new SqlError({
        message: `FATAL: password authentication failed for user "${user}"`,
        sqlState: invalidPassword,
      });
    }
    const settings = await this.#execute(
      `select unnest(setconfig) from pg_db_role_setting join pg_roles on pg_roles.oid = setrole
       where rolname = $1 and setdatabase in (0, (select oid from pg_database where datname = current_database()))`,
      [{ type: 19, text: user }],
    );
    await this.#execute(`set session authorization ${quoteIdentifier(user)}`);
    for (const [setting] of settings.rows) {
      const [name = "", ...value] = (setting ?? "").split("=");
      await this.#execute("select set_config($1, $2, false)", [
        { type: 25, text: name },
        { type: 25, text: value.join("=") },
      ]);
    }
    this.#fresh = { user, password };
  }

  /** RDS lets members of rds_superuser create the extensions that it has, which PostgreSQL itself keeps to superusers. */
  async #createExtension({ user }: Login, sql: string): Promise<StatementResult> {
    const member = await this.#execute("select pg_has_role(session_user, 'rds_superuser', 'member')");
    if (member.rows[0]?.[0] !== "t") return this.#execute(sql);
    await this.#execute(`set session authorization ${superuser}`);
    try {
      return await this.#execute(sql);
    } finally {
      // Rejected if the statement failed in a transaction; the end of the transaction reverts both.
      await this.#execute(`set session authorization ${quoteIdentifier(user)}`).catch(() => {});
    }
  }

  async #becomeSuperuser(): Promise<void> {
    this.#fresh = undefined;
    await this.#execute(`set session authorization ${superuser}`);
    await this.#execute("discard all");
  }

  /** Runs one round of the extended protocol, which allows only a single statement. */
  async #execute(sql: string, parameters: readonly Parameter[] = []): Promise<StatementResult> {
    const request = [
      serialize.parse({ text: sql, types: parameters.map(({ type }) => type) }),
      serialize.bind({ values: parameters.map(({ text }) => text) }),
      serialize.describe({ type: "P" }),
      serialize.execute({}),
      serialize.sync(),
    ];
    const { messages } = await this.#database
      .execProtocol(Buffer.concat(request.map((message) => Buffer.from(message))))
      .catch((error: unknown) => {
        throw isServerError(error) ? new SqlError(failureOf(error)) : error;
      });
    const result = resultOf(messages);
    this.#inTransaction = result.inTransaction;
    return result;
  }
}

type ServerError = messages.DatabaseError & { readonly code: string };

function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error && typeof (error as { code?: unknown }).code === "string" && "severity" in error
  );
}

function failureOf({ severity, message, code, detail, hint }: ServerError): SqlFailure {
  return { message: `${severity}: ${message}`, sqlState: code, detail, hint };
}

function resultOf(answered: readonly { readonly name: string }[]): StatementResult {
  let result: StatementResult = { tag: "", columns: [], rows: [], inTransaction: false };
  const rows: (string | null)[][] = [];
  for (const message of answered) {
    switch (message.name) {
      case "rowDescription": {
        const { fields } = message as messages.RowDescriptionMessage;
        result = { ...result, columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })) };
        break;
      }
      case "dataRow":
        rows.push((message as messages.DataRowMessage).fields);
        break;
      case "commandComplete":
        result = { ...result, tag: (message as messages.CommandCompleteMessage).text };
        break;
      case "readyForQuery":
        result = { ...result, inTransaction: (message as messages.ReadyForQueryMessage).status !== "I" };
    }
  }
  return { ...result, rows };
}
