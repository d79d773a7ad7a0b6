import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, portsAfter, portsOfStack } from "../../local/free-ports.ts";
import { nightly } from "../faults/nightly.ts";

// A stack takes seconds to deploy, and minutes where all cores are busy.
jest.setTimeout(240_000);

const free = freePorts;

interface Outcome {
  readonly outputs?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  readonly problems?: readonly string[];
  /** Whether what stood in the state folder before is gone. */
  readonly wiped: boolean;
  readonly error?: { readonly name: string; readonly message: string };
}

/** Starts and stops a stack in a process of its own, which has to end by itself. */
async function startAndStop(
  port: number,
  config: Record<string, string>,
  ports: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "vectorkeep-stack-"));
  const state = join(folder, "state");
  mkdirSync(state);
  writeFileSync(join(state, "earlier"), "");
  const argument = JSON.stringify({ port, config, ports, stateFolder: state });
  const child = fork(join(import.meta.dirname, "start-and-stop.ts"), [argument], { execArgv: [] });
  const exited = once(child, "exit");
  const [outcome] = (await once(child, "message")) as [Omit<Outcome, "wiped">];
  expect(await exited).toEqual([0, null]);
  const wiped = !existsSync(join(state, "earlier"));
  rmSync(folder, { recursive: true, force: true });
  return { ...outcome, wiped };
}

test("the whole program of infra/ deploys, runs and stops, leaving no process and no problem; no output holds a secret (F24)", async () => {
  const { outputs, environment, problems, wiped, error } = await startAndStop(0, free);
  expect(wiped).toBe(true);
  expect(error).toBeUndefined();
  expect(problems).toEqual([]);
  expect(environment).toMatchObject({ AWS_ACCESS_KEY_ID: "local", AWS_REGION: "us-east-1" });
  expect(outputs).toMatchObject({
    embedQueueUrl: `${environment?.AWS_ENDPOINT_URL}/000000000000/vectorkeep-local-embed-ndjson`,
    receiptsTable: "vectorkeep-local-receipts",
    searchUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(JSON.stringify(outputs)).not.toContain("made-up-for-a-test-of-secrets");
});

nightly("two stacks run side by side: one at port N takes N to N+9 and no other", async () => {
  const first = await freePortsInARow(2 * portsOfStack);
  const held = await Promise.all(Array.from({ length: portsOfStack }, (_, n) => listening(first + n)));
  const stack = await startAndStop(first + portsOfStack, {}, portsAfter(first + portsOfStack)).finally(() => {
    for (const server of held) server.close();
  });
  const { outputs, environment, error } = stack;
  expect(error).toBeUndefined();
  expect(environment?.AWS_ENDPOINT_URL).toBe(`http://127.0.0.1:${first + portsOfStack}`);
  expect(outputs?.searchUrl).toBe(`http://127.0.0.1:${first + portsOfStack + 1}`);
});

/** The first of `count` free ports in a row. */
async function freePortsInARow(count: number): Promise<number> {
  for (let first = 20_000 + (process.pid % 20_000); ; first += count) {
    const ports = Array.from({ length: count }, (_, n) => first + n);
    const servers = await Promise.allSettled(ports.map(listening));
    for (const server of servers) if (server.status === "fulfilled") server.value.close();
    if (servers.every(({ status }) => status === "fulfilled")) return first;
  }
}

async function listening(port: number) {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test("a port in use is reported before any state is deleted", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  for (const outcome of [
    await startAndStop(port, free),
    await startAndStop(0, { ...free, "query:port": String(port) }),
  ]) {
    expect(outcome.error).toMatchObject({
      name: "PortInUseError",
      message: expect.stringContaining(String(port)),
    });
  }
  other.close();
});

test("an invalid setting is reported with its key, and nothing is left running", async () => {
  const { error } = await startAndStop(0, { ...free, "embedding:dimensions": "many" });
  expect(error?.name).toBe("DeploymentFailedError");
  expect(error?.message).toMatch(/embedding:dimensions must be an integer/);
});
