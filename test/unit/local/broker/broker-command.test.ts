import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { planBroker } from "../../../../local/broker/broker-command.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "broker-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A folder of the PATH with these programs. */
async function pathWith(...programs: string[]): Promise<string> {
  const at = await mkdtemp(join(folder, "bin-"));
  for (const name of programs) {
    await writeFile(join(at, name), "");
    await chmod(join(at, name), 0o755);
  }
  return at;
}

const plan = (path: string) => planBroker(join(folder, "data"), 7_000, path);

test("a redis-server on the PATH is run on loopback, evicts nothing, and logs each write", async () => {
  const path = await pathWith("redis-server", "valkey-server");
  const { name, url, server } = await plan(path);
  expect({ name, url, command: server.command }).toEqual({
    name: "redis-server",
    url: "redis://127.0.0.1:7000",
    command: join(path, "redis-server"),
  });
  const options = server.arguments.join(" ");
  for (const option of ["--bind 127.0.0.1", "--maxmemory-policy noeviction", "--appendonly yes"]) {
    expect(options).toContain(option);
  }
});

test("a valkey-server is, where there is no redis-server", async () => {
  const path = [await pathWith("other"), await pathWith("valkey-server")].join(delimiter);
  expect((await plan(path)).name).toBe("valkey-server");
});

test("a file that is no program is none", async () => {
  const at = await pathWith();
  await writeFile(join(at, "redis-server"), "");
  await chmod(join(at, "redis-server"), 0o644);
  expect((await plan(at)).name).toBe("embedded PostgreSQL");
});

test("the embedded PostgreSQL is made once, listens on loopback alone, and is never run as root", async () => {
  const first = await plan(await pathWith());
  expect(first).toMatchObject({
    name: "embedded PostgreSQL",
    url: expect.stringMatching(/^postgres:\/\/.*:7000\//),
  });
  expect(first.prepare?.command).toMatch(/initdb$/);
  expect(first.server.arguments.join(" ")).toContain("-h 127.0.0.1");
  if (process.getuid?.() === 0) expect(first.server.uid).toBeGreaterThan(0);
  await mkdir(join(folder, "data", "data"), { recursive: true });
  await writeFile(join(folder, "data", "data", "PG_VERSION"), "18");
  expect((await plan(await pathWith())).prepare).toBeUndefined();
});
