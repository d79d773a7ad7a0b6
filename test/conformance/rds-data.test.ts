import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { TestAws } from "./local-aws.ts";

let aws: TestAws;
let data: RDSDataClient;
let secrets: SecretsManagerClient;
let cluster: { resourceArn: string; secretArn: string };

beforeAll(async () => {
  aws = await TestAws.start();
  data = new RDSDataClient(aws.client);
  secrets = new SecretsManagerClient(aws.client);
  cluster = await createCluster("library");
  await execute("create extension if not exists vector");
});
afterAll(async () => {
  data.destroy();
  secrets.destroy();
  await aws.stop();
});

async function createCluster(name: string, inputs: object = {}) {
  const engine = "aurora-postgresql";
  const created = await aws.create("aws:rds/cluster:Cluster", name, {
    clusterIdentifier: name,
    engine,
    engineVersion: "17.5",
    databaseName: "images",
    masterUsername: "owner",
    manageMasterUserPassword: true,
    enableHttpEndpoint: true,
    serverlessv2ScalingConfiguration: { minCapacity: 0, maxCapacity: 2 },
    ...inputs,
  });
  await aws.create("aws:rds/clusterInstance:ClusterInstance", name, {
    clusterIdentifier: name,
    engine,
    instanceClass: "db.serverless",
  });
  const [master] = created.masterUserSecrets as unknown as { secretArn: string }[];
  return { resourceArn: created.arn ?? "", secretArn: master?.secretArn ?? "" };
}

const execute = (sql: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
  data.send(new ExecuteStatementCommand({ ...cluster, sql, ...more }));
const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });
const long = (name: string, longValue: number): SqlParameter => ({ name, value: { longValue } });

async function rowsOf(sql: string, more: Partial<ExecuteStatementCommandInput> = {}) {
  const { formattedRecords } = await execute(sql, { ...more, formatRecordsAs: "JSON" });
  return JSON.parse(formattedRecords ?? "");
}

describe("a statement", () => {
  test("answers each type as the Data API does", async () => {
    const { records, numberOfRecordsUpdated } = await execute(
      `select 1, 2::bigint, 1.50::numeric, true, 'x'::text, '{"a":1}'::jsonb, 'epoch'::timestamptz, 1.5::real,
              '\\x00ff'::bytea, null, array['a,"', null], array[1, 2]`,
    );
    expect(numberOfRecordsUpdated).toBe(0);
    expect(records).toEqual([
      [
        { longValue: 1 },
        { longValue: 2 },
        { stringValue: "1.50" },
        { booleanValue: true },
        { stringValue: "x" },
        { stringValue: '{"a": 1}' },
        { stringValue: "1970-01-01 00:00:00" },
        { doubleValue: 1.5 },
        { blobValue: Uint8Array.of(0, 255) },
        { isNull: true },
        { arrayValue: { stringValues: ['a,"', null] } },
        { arrayValue: { longValues: [1, 2] } },
      ],
    ]);
  });

  test("answers JSON, with the names of its columns", async () => {
    expect(
      await rowsOf("select 1 as number, 1.5::numeric as decimal, 'x' as text, null as nothing, true as yes"),
    ).toEqual([{ number: 1, decimal: 1.5, text: "x", nothing: null, yes: true }]);
    expect(await rowsOf("select 1 where false")).toEqual([]);
  });

  test("that changes rows returns their number, and records even if JSON was requested", async () => {
    await execute("create table changed (id bigint primary key, at text)");
    const inserted = await execute("insert into changed values (1, 'a'), (2, 'b') returning id", {
      formatRecordsAs: "JSON",
    });
    expect(inserted).toMatchObject({
      numberOfRecordsUpdated: 2,
      records: [[{ longValue: 1 }], [{ longValue: 2 }]],
    });
    expect(inserted.formattedRecords).toBeUndefined();
    expect(await execute("update changed set at = 'c'")).toMatchObject({ numberOfRecordsUpdated: 2 });
  });

  test("takes parameters by name, each as its type", async () => {
    const parameters: SqlParameter[] = [
      text("vector", "[1,2]"),
      long("count", 3),
      { name: "flag", value: { booleanValue: true } },
      { name: "ratio", value: { doubleValue: 0.5 } },
      { name: "none", value: { isNull: true } },
      { name: "raw", value: { stringValue: '{"a":[1]}' }, typeHint: "JSON" },
      { name: "id", value: { stringValue: "6f4d9d40-0000-4000-8000-000000000000" }, typeHint: "UUID" },
      { name: "blob", value: { blobValue: Uint8Array.of(1, 2) } },
      { name: "unused", value: { isNull: true } },
    ];
    const rows = await rowsOf(
      `select (:vector::vector <-> '[1,2]') as distance, :count + 1 as count, not :flag as flag, :ratio * 2 as ratio,
              :none::text as none, :raw -> 'a' ->> 0 as raw, pg_typeof(:id)::text as id, length(:blob) as blob`,
      { parameters },
    );
    expect(rows).toEqual([
      { distance: 0, count: 4, flag: false, ratio: 1, none: null, raw: "1", id: "uuid", blob: 2 },
    ]);
  });

  test("reads a text without a hint as text, and nothing else", async () => {
    await expect(
      execute("select 1 where gen_random_uuid() = :id", {
        parameters: [text("id", "6f4d9d40-0000-4000-8000-000000000000")],
      }),
    ).rejects.toMatchObject({ name: "DatabaseErrorException", message: expect.stringContaining("42883") });
  });

  test("that the database refuses is a DatabaseErrorException with its SQLSTATE", async () => {
    await execute("create table once (id bigint primary key)");
    await execute("insert into once values (1)");
    await expect(execute("insert into once values (1)")).rejects.toMatchObject({
      name: "DatabaseErrorException",
      message:
        'ERROR: duplicate key value violates unique constraint "once_pkey"\n  Detail: Key (id)=(1) already exists.; SQLState: 23505',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test.each([
    ["several at once", "select 1; select 2", {}, /42601/],
    ["a parameter that is missing", "select :absent", {}, /Cannot find parameter: absent/],
    ["a type that the Data API does not know", "select '[1]'::vector", {}, /unsupported data type/],
    ["a matrix", "select array[[1],[2]]", {}, /multidimensional/],
    ["a row over 64 KB", "select repeat('x', 70000)", {}, /row/],
    ["a result over 1 MiB", "select repeat('x', 60000) from generate_series(1, 20)", {}, /size limit/],
    ["another database", "select 1", { database: "other" }, /3D000/],
    ["control of transactions", "begin", {}, /Transaction control/],
    [
      "a parameter that is an array",
      "select :a",
      { parameters: [{ name: "a", value: { arrayValue: { longValues: [1] } } }] },
      /Array parameters/,
    ],
  ])("is refused for %s", async (_, sql, more, reason) => {
    await expect(execute(sql, more)).rejects.toThrow(reason);
  });

  test("leaves no session state for the next one", async () => {
    await execute("select set_config('work_mem', '1MB', false)");
    await execute("set statement_timeout = 1234");
    expect(
      await rowsOf(
        "select current_setting('work_mem') as memory, current_setting('statement_timeout') as limit",
      ),
    ).toEqual([{ memory: "4MB", limit: "0" }]);
  });
});

describe("a batch", () => {
  test("runs one statement with many sets of parameters", async () => {
    await execute("create table batch (id bigint primary key, vector vector(2))");
    const parameterSets = [1, 2, 3].map((id) => [long("id", id), text("vector", `[${id},0]`)]);
    const sql = "insert into batch values (:id, :vector::vector)";
    const { updateResults } = await data.send(
      new BatchExecuteStatementCommand({ ...cluster, sql, parameterSets }),
    );
    expect(updateResults).toHaveLength(3);
    expect(await rowsOf("select id from batch order by vector <-> '[2.9,0]'")).toEqual([
      { id: 3 },
      { id: 2 },
      { id: 1 },
    ]);
  });
});

describe("a transaction", () => {
  const begin = async () => (await data.send(new BeginTransactionCommand(cluster))).transactionId ?? "";
  const commit = (transactionId: string) =>
    data.send(new CommitTransactionCommand({ ...cluster, transactionId }));

  beforeAll(() => execute("create table ledger (id bigint primary key)"));

  test("is visible to others once it is committed; their statements on the same rows wait until then", async () => {
    const transactionId = await begin();
    await execute("insert into ledger values (1)", { transactionId });
    const outside = rowsOf("select count(*) as rows from ledger");
    const inside = await rowsOf("select count(*) as rows from ledger", { transactionId });
    expect(inside).toEqual([{ rows: 1 }]);
    expect(await commit(transactionId)).toMatchObject({ transactionStatus: "Transaction Committed" });
    expect(await outside).toEqual([{ rows: 1 }]);
  });

  test("has no effect when it is rolled back", async () => {
    const transactionId = await begin();
    await execute("insert into ledger values (2)", { transactionId });
    await data.send(new RollbackTransactionCommand({ ...cluster, transactionId }));
    expect(await rowsOf("select id from ledger where id = 2")).toEqual([]);
  });

  test("is rolled back by the first statement that fails", async () => {
    const transactionId = await begin();
    await execute("insert into ledger values (3)", { transactionId });
    await expect(execute("insert into ledger values (3)", { transactionId })).rejects.toThrow(/23505/);
    for (const call of [() => execute("select 1", { transactionId }), () => commit(transactionId)]) {
      await expect(call()).rejects.toMatchObject({ name: "TransactionNotFoundException" });
    }
    expect(await rowsOf("select id from ledger where id = 3")).toEqual([]);
  });

  test("runs one statement at a time", async () => {
    const transactionId = await begin();
    // Long enough that the second arrives before the first has ended, on a busy machine too.
    const calls = [1, 2].map(() =>
      execute("select count(*) from generate_series(1, 5000000)", { transactionId }),
    );
    const outcomes = await Promise.allSettled(calls);
    await commit(transactionId);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = outcomes.find(({ status }) => status === "rejected");
    expect(refused).toMatchObject({ reason: { message: "Transaction is still running a query" } });
  });
});

describe("who may call", () => {
  const policy = (...statements: object[]) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: statements.map((one) => ({ Effect: "Allow", ...one })),
    });

  async function roleThatMay(name: string, ...statements: object[]) {
    const role = await aws.create("aws:iam/role:Role", name, {
      assumeRolePolicy: policy({ Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }),
    });
    await aws.create("aws:iam/rolePolicy:RolePolicy", name, { role: role.id, policy: policy(...statements) });
    const key = `local-${role.id}`;
    return new RDSDataClient({ ...aws.client, credentials: { accessKeyId: key, secretAccessKey: key } });
  }

  test("needs the action on the cluster and its secret", async () => {
    const onCluster = { Action: "rds-data:ExecuteStatement", Resource: cluster.resourceArn };
    const onSecret = { Action: "secretsmanager:GetSecretValue", Resource: cluster.secretArn };
    const command = () => new ExecuteStatementCommand({ ...cluster, sql: "select 1" });
    const both = await roleThatMay("both", onCluster, onSecret);
    await expect(both.send(command())).resolves.toMatchObject({ records: [[{ longValue: 1 }]] });
    await expect(both.send(new BeginTransactionCommand(cluster))).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("rds-data:BeginTransaction"),
    });
    const noSecret = await roleThatMay("no-secret", onCluster);
    await expect(noSecret.send(command())).rejects.toThrow(/secretsmanager:GetSecretValue/);
    const noCluster = await roleThatMay("no-cluster", onSecret);
    await expect(noCluster.send(command())).rejects.toThrow(/rds-data:ExecuteStatement/);
    for (const client of [both, noSecret, noCluster]) client.destroy();
  });

  test("logs in as the user of the secret, who has the parameters and rights of its role alone", async () => {
    await execute("create role reader login password 'a''b'");
    await execute("alter role reader set hnsw.ef_search = 123");
    await execute("create table visible as select 1 as id");
    await execute("create table hidden as select 1 as id");
    await execute("grant select on visible to reader");
    const secret = async (name: string, password: string) => {
      const SecretString = JSON.stringify({ username: "reader", password });
      return (await secrets.send(new CreateSecretCommand({ Name: name, SecretString }))).ARN ?? "";
    };
    const secretArn = await secret("reader", "a'b");
    expect(
      await rowsOf(
        "select id, current_user::text as who, current_setting('hnsw.ef_search') as ef from visible",
        { secretArn },
      ),
    ).toEqual([{ id: 1, who: "reader", ef: "123" }]);
    await expect(execute("select * from hidden", { secretArn })).rejects.toThrow(/42501/);
    await expect(execute("select 1", { secretArn: await secret("wrong", "b") })).rejects.toThrow(/28P01/);
    await expect(execute("select 1", { secretArn: "arn:aws:secretsmanager:none" })).rejects.toMatchObject({
      name: "SecretsErrorException",
    });
  });

  test("is no superuser, master or not", async () => {
    expect(await rowsOf("select current_setting('is_superuser') as superuser")).toEqual([
      { superuser: "off" },
    ]);
    await expect(execute("alter system set work_mem = '1MB'")).rejects.toThrow(/42501/);
  });
});

describe("a cluster", () => {
  test("that is paused resumes at the first call, which fails, as do all until it has resumed", async () => {
    const paused = await createCluster("paused");
    const credential = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/rds-data/aws4_request";
    await fetch(`${aws.url}/local/pause`, {
      method: "POST",
      headers: { authorization: credential },
      body: JSON.stringify({ resourceArn: paused.resourceArn, resumeSeconds: 1 }),
    });
    const call = () => data.send(new ExecuteStatementCommand({ ...paused, sql: "select 1" }));
    await expect(call()).rejects.toMatchObject({
      name: "DatabaseResumingException",
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(call()).resolves.toMatchObject({ records: [[{ longValue: 1 }]] });
  });

  test("without the Data API, or unknown, refuses every call", async () => {
    const closed = await createCluster("closed", { enableHttpEndpoint: false });
    await expect(
      data.send(new ExecuteStatementCommand({ ...closed, sql: "select 1" })),
    ).rejects.toMatchObject({
      name: "HttpEndpointNotEnabledException",
    });
    await expect(execute("select 1", { resourceArn: `${cluster.resourceArn}x` })).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });
});
