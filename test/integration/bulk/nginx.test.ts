import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../local/ports.ts";

const template = join(import.meta.dirname, "../../../containers/bulk-api/host/nginx.conf");
const isThere = spawnSync("nginx", ["-v"]).status === 0;
if (!isThere && process.env.CI === undefined)
  process.stderr.write("Skipped: there is no nginx on the PATH.\n");
/** CI has nginx: there a missing one fails. */
const withNginx = isThere || process.env.CI !== undefined ? describe : describe.skip;

withNginx("the real nginx with the configuration of the repository", () => {
  let folder: string;
  let api: Server;
  let nginx: ChildProcess;
  let url: string;
  let seen: { readonly url: string | undefined; readonly forwarded: unknown }[] = [];
  let answerAfterMs = 0;

  beforeAll(async () => {
    api = createServer((asked, response) => {
      seen.push({ url: asked.url, forwarded: asked.headers["x-forwarded-for"] });
      asked.resume();
      setTimeout(() => response.end("{}"), answerAfterMs);
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
    folder = await mkdtemp(join(tmpdir(), "nginx-"));
    await chmod(folder, 0o777);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const text = (await readFile(template, "utf8"))
      .replaceAll("@RUN@", folder)
      .replaceAll("@API_PORT@", String((api.address() as AddressInfo).port))
      .replaceAll("@TRUSTED@", "127.0.0.2/32")
      .replaceAll("@LISTEN@", `127.0.0.1:${port}`);
    const file = join(folder, "nginx.conf");
    await writeFile(file, text);
    const { status, stderr } = spawnSync("nginx", ["-t", "-c", file], { encoding: "utf8" });
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    nginx = spawn("nginx", ["-c", file, "-g", "daemon off;"], { stdio: "ignore" });
    for (let look = 0; look < 200; look += 1) {
      if (await fetch(`${url}/api/v1/health`).catch(() => undefined)) break;
      await sleep(25);
    }
  });

  afterAll(async () => {
    nginx.kill("SIGQUIT");
    await once(nginx, "exit");
    api.closeAllConnections();
    api.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    seen = [];
    answerAfterMs = 0;
  });

  const statusesOf = (path: string, count: number, key?: string) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const answer = await fetch(
          `${url}${path}`,
          key === undefined ? {} : { headers: { "x-api-key": key } },
        );
        await answer.arrayBuffer();
        return answer.status;
      }),
    );

  test("refuses a caller beyond rate and burst with 429, and with nothing else", async () => {
    const found: number[] = [];
    for (let round = 0; round < 10; round += 1) found.push(...(await statusesOf("/api/v1/tasks", 12, "one")));
    expect([...new Set(found)].sort()).toEqual([200, 429]);
    expect(found.filter((status) => status === 200).length).toBeGreaterThanOrEqual(40);
  });

  test("refuses too many connections of a caller at a time with 429, and with nothing else", async () => {
    answerAfterMs = 300;
    const found = await statusesOf("/api/v1/tasks", 35, "many");
    expect(found.filter((status) => status === 429)).toHaveLength(15);
    expect(found.filter((status) => status === 200)).toHaveLength(20);
  });

  test("limits each key by itself, and callers without a key by their address", async () => {
    await statusesOf("/api/v1/tasks", 10, "busy");
    for (let round = 0; round < 10; round += 1) await statusesOf("/api/v1/tasks", 12, "busy");
    expect(await statusesOf("/api/v1/tasks", 5, "calm")).toEqual([200, 200, 200, 200, 200]);
    const without: number[] = [];
    for (let round = 0; round < 10; round += 1) without.push(...(await statusesOf("/api/v1/tasks", 12)));
    expect(without).toContain(429);
  });

  test("limits no health check", async () => {
    const found: number[] = [];
    for (let round = 0; round < 10; round += 1) found.push(...(await statusesOf("/api/v1/health", 20)));
    expect([...new Set(found)]).toEqual([200]);
  });

  test("tells the API the caller's own address, whatever the caller says", async () => {
    await fetch(`${url}/api/v1/health`, { headers: { "x-forwarded-for": "203.0.113.9" } });
    expect(seen.at(-1)?.forwarded).toBe("127.0.0.1");
  });

  test("believes the load balancer, and limits its callers by their own addresses", async () => {
    const statusFor = (address: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { "x-forwarded-for": address };
        request(`${url}/api/v1/tasks`, { localAddress: "127.0.0.2", headers }, (answer) => {
          answer.resume();
          answer.once("end", () => resolve(answer.statusCode));
        })
          .once("error", reject)
          .end();
      });
    const busy: (number | undefined)[] = [];
    for (let round = 0; round < 70; round += 1) busy.push(await statusFor("203.0.113.9"));
    expect(busy).toContain(429);
    expect(seen.at(-1)?.forwarded).toBe("203.0.113.9");
    expect(await statusFor("203.0.113.10")).toBe(200);
  });

  test("waits for an answer as long as the API may take, and for nothing forever", async () => {
    const text = await readFile(template, "utf8");
    for (const line of ["proxy_read_timeout 300s;", "proxy_send_timeout 300s;"]) expect(text).toContain(line);
  });

  test("passes on nothing but the API and the pages of its queues, and no body above a megabyte", async () => {
    expect(await statusesOf("/admin/queues/static/js/main.js", 1, "x")).toEqual([200]);
    seen = [];
    expect(await statusesOf("/admin", 1, "x")).toEqual([404]);
    const answer = await fetch(`${url}/api/v1/process`, { method: "POST", body: "x".repeat(1_100_000) });
    expect(answer.status).toBe(413);
    expect(seen).toEqual([]);
  });
});
