import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

let child: ChildProcess;
let url: string;

beforeAll(async () => {
  child = spawn(process.execPath, [join(import.meta.dirname, "serve-failing.ts")], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  [url] = (await once(createInterface(child.stdout ?? process.stdin), "line")) as [string];
});
afterAll(async () => {
  child.stdin?.end();
  if (child.exitCode === null) await once(child, "exit");
});

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const authorization =
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/failing/aws4_request, SignedHeaders=host, Signature=0";
  return fetch(`${url}${path}`, { ...init, headers: { authorization } });
}

describe("a service that fails", () => {
  test.each(["thrown", "in-a-timer", "in-a-callback", "in-a-forgotten-promise", "in-permissions"])(
    "%s responds with InternalFailure, and the others keep working",
    async (where) => {
      const answer = await call(`/${where}`);
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ __type: "InternalFailure", message: `failed ${where}` });
      expect((await call("/well")).status).toBe(200);
    },
  );

  test("after it has answered ends nothing", async () => {
    expect((await call("/after-its-answer")).status).toBe(200);
    await call("/a-while");
    expect((await call("/well")).status).toBe(200);
    expect(child.exitCode).toBeNull();
  });
});

describe("a call that cannot be taken", () => {
  test("for its size is refused before it reaches a service", async () => {
    const answer = await call("/thrown", { method: "POST", body: Buffer.alloc(21 * 1024 * 1024) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ __type: "RequestEntityTooLarge" });
  });

  test("for its path is refused with a message", async () => {
    const answer = await call("/%E0%A4%A");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: "InvalidURI" });
  });
});
