import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster } from "../../local/services/rds-data/cluster.ts";
import { TurnedClock } from "./turned-clock.ts";

const login = { user: "owner", password: "secret" };
const never = new AbortController().signal;

let folder: string;
let clock: TurnedClock;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vectorkeep-cluster-"));
  clock = new TurnedClock();
  cluster = open();
  await cluster.createMaster(login);
  await run("create table kept (id bigint primary key)");
});
afterAll(async () => {
  await cluster.postgres.close();
  await rm(folder, { recursive: true });
});

function open(): Cluster {
  const settings = { arn: "arn:aws:rds:test", databaseName: "images", httpEndpoint: true };
  const opened = new Cluster(settings, join(folder, "data"), clock);
  opened.instances.add("writer");
  return opened;
}

const run = (sql: string) => cluster.transactions.outside(() => cluster.postgres.run(login, sql), never);
const begin = () => cluster.transactions.begin(login, never);
const within = (id: string, sql: string) =>
  cluster.transactions.inside(id, () => cluster.postgres.run(login, sql));
const ids = async () => (await run("select id from kept order by id")).rows.flat();

test("a transaction that is idle for 180 seconds is rolled back and releases its locks", async () => {
  const id = await begin();
  await within(id, "insert into kept values (1)");
  await clock.turn(179_000);
  await within(id, "insert into kept values (2)");
  await clock.turn(179_000);
  await within(id, "insert into kept values (3)");
  await clock.turn(180_000);
  expect(await ids()).toEqual([]);
  await expect(within(id, "select 1")).rejects.toMatchObject({ code: "TransactionNotFoundException" });
});

test("a call that waits 45 seconds for another's transaction times out, and is not made later", async () => {
  const id = await begin();
  const late = expect(run("insert into kept values (4)")).rejects.toMatchObject({
    code: "StatementTimeoutException",
  });
  await clock.turn(45_000);
  await late;
  await cluster.transactions.commit(id);
  expect(await ids()).toEqual([]);
});

test("a paused cluster has resumed after its time, counted from the first call", async () => {
  cluster.pause(40_000);
  await clock.turn(60_000);
  const refused = expect.objectContaining({ code: "DatabaseResumingException", status: 400 });
  expect(() => cluster.requireAvailable()).toThrow(refused);
  await clock.turn(39_999);
  expect(() => cluster.requireAvailable()).toThrow(refused);
  await clock.turn(1);
  expect(() => cluster.requireAvailable()).not.toThrow();
});

test("what was committed outlives a kill of the process, and an open transaction does not", async () => {
  await run("insert into kept values (5)");
  const id = await begin();
  await within(id, "insert into kept values (6)");
  process.kill(cluster.postgres.pid ?? 0, "SIGKILL");
  await expect(within(id, "insert into kept values (7)")).rejects.toThrow();
  expect(await ids()).toEqual(["5"]);
});

test("what was committed is there when the folder is opened again, with a new password for the master", async () => {
  await run("insert into kept values (8)");
  await cluster.postgres.close();
  cluster = open();
  await cluster.createMaster({ ...login, password: "new" });
  await expect(run("select 1")).rejects.toMatchObject({ failure: { sqlState: "28P01" } });
  await cluster.createMaster(login);
  expect(await ids()).toEqual(["5", "8"]);
});
