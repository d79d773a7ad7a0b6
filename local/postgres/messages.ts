/** One parameter of a statement, as text, with the object id of the type that the server is to read it as (0: it infers one). */
export interface Parameter {
  readonly type: number;
  readonly text: string | null;
}

export interface Column {
  readonly name: string;
  /** Object id of the type. */
  readonly type: number;
}

/** What a statement answered; values are in PostgreSQL's text format. */
export interface StatementResult {
  /** For example `SELECT 3`, `INSERT 0 1`. */
  readonly tag: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Whether a transaction is open after it. */
  readonly inTransaction: boolean;
}

/** Whom a session belongs to. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The server's report of a failed statement. */
export interface SqlFailure {
  readonly message: string;
  readonly sqlState: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** The process handles one request at a time. */
export type Request =
  | {
      readonly ask: "statement";
      readonly login: Login;
      readonly sql: string;
      readonly parameters: readonly Parameter[];
    }
  /** Statements of the superuser, whom no client can log in as. */
  | { readonly ask: "administer"; readonly statements: readonly string[] }
  | { readonly ask: "close" };

export type Answer =
  | { readonly result: StatementResult }
  | { readonly failure: SqlFailure }
  | { readonly done: true };
