import * as z from "zod";
import type { Login } from "../../postgres/messages.ts";
import { PostgresEndedError, StatementFailedError } from "../../postgres/postgres.ts";
import { type ApiCall, AwsError, type LocalService, type Permission } from "../../protocol/service.ts";
import type { Secrets } from "../secrets-manager/secrets.ts";
import type { Cluster } from "./cluster.ts";
import type { Clusters } from "./clusters.ts";
import { databaseError } from "./database-error.ts";
import { bind } from "./parameters.ts";
import { badRequest, type Input, inputs, type Path, readInput } from "./requests.ts";
import { renderResult } from "./result.ts";

const actions: Readonly<Record<Path, string>> = {
  "/Execute": "ExecuteStatement",
  "/BatchExecute": "BatchExecuteStatement",
  "/BeginTransaction": "BeginTransaction",
  "/CommitTransaction": "CommitTransaction",
  "/RollbackTransaction": "RollbackTransaction",
};
/** Not of AWS: as if the cluster had been idle. Only the administrator may. */
const pausePath = "/local/pause";
const pauseInput = z.strictObject({ resourceArn: z.string(), resumeSeconds: z.number().min(0) });

const transactionControl =
  /^\s*(begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i;
const maxRequestBytes = 4 * 1024 * 1024;
const secretValue = z.looseObject({ username: z.string(), password: z.string() });

/** The connection parameters of a call. */
interface Connection {
  readonly cluster: Cluster;
  readonly login: Login;
  readonly signal: AbortSignal;
}

type Handlers = { [P in Path]: (input: Input<P>, connection: Connection) => Promise<object> };

const handlers: Handlers = {
  async "/Execute"(input, connection) {
    if (transactionControl.test(input.sql)) {
      throw badRequest(
        "Transaction control statements are not permitted: call BeginTransaction and its like.",
      );
    }
    const { sql, parameters } = bind(input.sql, input.parameters);
    const result = await perform(connection, input.transactionId, () =>
      connection.cluster.postgres.run(connection.login, sql, parameters),
    );
    return renderResult(result, input);
  },

  async "/BatchExecute"({ sql, parameterSets, transactionId }, connection) {
    const statements = parameterSets.map((set) => bind(sql, set));
    await perform(connection, transactionId, async () => {
      for (const statement of statements) {
        await connection.cluster.postgres.run(connection.login, statement.sql, statement.parameters);
      }
    });
    return { updateResults: statements.map(() => ({ generatedFields: [] })) };
  },

  async "/BeginTransaction"(_, { cluster, login, signal }) {
    return { transactionId: await cluster.transactions.begin(login, signal) };
  },

  async "/CommitTransaction"({ transactionId }, { cluster }) {
    await cluster.transactions.commit(transactionId);
    return { transactionStatus: "Transaction Committed" };
  },

  async "/RollbackTransaction"({ transactionId }, { cluster }) {
    await cluster.transactions.rollBack(transactionId);
    return { transactionStatus: "Rollback Complete" };
  },
};

/** The RDS Data API over PostgreSQL with pgvector. */
export function rdsDataService(clusters: Clusters, secrets: Secrets): LocalService {
  return {
    names: ["rds-data"],
    permissions: (call) => permissions(secrets, call),
    async handle(call) {
      const { pathname: path } = call.url;
      if (path === pausePath) return json(200, pause(clusters, call.body));
      if (call.body.length > maxRequestBytes) {
        throw badRequest(`The request's body has ${call.body.length} bytes, of at most ${maxRequestBytes}.`);
      }
      return json(200, await handle(path as Path, clusters, secrets, call));
    },
    renderError: (error) =>
      json(error.status, { message: error.message, code: error.code }, { "x-amzn-errortype": error.code }),
    close: () => clusters.close(),
  };
}

async function handle<P extends Path>(
  path: P,
  clusters: Clusters,
  secrets: Secrets,
  call: ApiCall,
): Promise<object> {
  const input = readInput(path, call.body);
  const cluster = clusters.existing(input.resourceArn);
  cluster.requireAvailable();
  if ("database" in input) requireDatabase(cluster, input.database);
  const connection = { cluster, login: loginOf(secrets, input.secretArn), signal: call.signal };
  try {
    return await handlers[path](input, connection);
  } catch (error) {
    if (error instanceof StatementFailedError) throw databaseError(error.failure);
    if (error instanceof PostgresEndedError) {
      throw new AwsError(504, "DatabaseUnavailableException", error.message);
    }
    throw error;
  }
}

async function perform<T>(
  { cluster, signal }: Connection,
  transactionId: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { transactions } = cluster;
  return transactionId === undefined
    ? transactions.outside(work, signal)
    : transactions.inside(transactionId, work);
}

/** The Data API reads the secret with the caller's own permissions. */
function permissions(secrets: Secrets, { url, body }: ApiCall): Permission[] {
  const { pathname: path } = url;
  if (path === pausePath) return [{ action: "local:PauseCluster", resource: "*" }];
  if (!(path in inputs)) {
    throw new AwsError(404, "UnknownOperationException", `The local Data API does not have ${path}.`);
  }
  const { resourceArn, secretArn } = readInput(path as Path, body);
  return [
    { action: `rds-data:${actions[path as Path]}`, resource: resourceArn },
    { action: "secretsmanager:GetSecretValue", resource: secrets.find(secretArn)?.arn ?? secretArn },
  ];
}

function loginOf(secrets: Secrets, secretArn: string): Login {
  const text = secrets.find(secretArn)?.current?.SecretString;
  if (text === undefined) {
    throw new AwsError(
      400,
      "SecretsErrorException",
      `The secret ${secretArn} was not found or has no value.`,
    );
  }
  try {
    const { username, password } = secretValue.parse(JSON.parse(text));
    return { user: username, password };
  } catch {
    throw new AwsError(
      400,
      "InvalidSecretException",
      `The secret ${secretArn} is no JSON object with username and password.`,
    );
  }
}

function requireDatabase({ settings }: Cluster, database: string | undefined): void {
  if (database === undefined || database === settings.databaseName || database === "postgres") return;
  throw databaseError({ message: `FATAL: database "${database}" does not exist`, sqlState: "3D000" });
}

function pause(clusters: Clusters, body: Buffer): object {
  const { resourceArn, resumeSeconds } = pauseInput.parse(JSON.parse(body.toString("utf8")));
  clusters.existing(resourceArn).pause(resumeSeconds * 1_000);
  return {};
}

function json(status: number, body: object, headers: Record<string, string> = {}) {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
