import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../local/free-ports.ts";

jest.setTimeout(60_000);

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
async function startAndStop(port: number, config: Record<string, string>): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "vectorkeep-stack-"));
  const state = join(folder, "state");
  mkdirSync(state);
  writeFileSync(join(state, "earlier"), "");
  const argument = JSON.stringify({ port, config, stateFolder: state });
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
  expect(JSON.stringify(outputs)).not.toContain("made up for a test");
});

test("a port that is taken is told before anything is wiped", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  for (const outcome of [
    await startAndStop(port, free),
    await startAndStop(0, { ...free, "query:port": String(port) }),
  ]) {
    expect(outcome.error).toMatchObject({
      name: "PortInUse",
      message: expect.stringContaining(String(port)),
    });
  }
  other.close();
});

test("a bad setting is told with its key, and nothing stays behind", async () => {
  const { error } = await startAndStop(0, { ...free, "embedding:dimensions": "many" });
  expect(error?.name).toBe("DeploymentFailed");
  expect(error?.message).toMatch(/embedding:dimensions must be a whole number/);
});
