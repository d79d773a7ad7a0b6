import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BulkClient, BulkRefusedError, BulkUnreachableError } from "../../../cli/bulk/client.ts";
import { monitoringLines } from "../../../cli/bulk/monitoring-lines.ts";
import { Monitoring } from "../../../core/bulk/api/monitoring.ts";
import { showBulkTask } from "../../../core/bulk/api/show-bulk-task.ts";
import { statuses } from "../../../core/catchup/tasks/task.ts";
import { healthDeps } from "../../unit/bulk/health-deps.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { taskOf } from "../../unit/catchup/task-tables.ts";

let server: Server;
let client: BulkClient;
let answer: { readonly status: number; readonly body: unknown };
let asked: { readonly method: string | undefined; readonly url: string | undefined; readonly key: unknown }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, key: request.headers["x-api-key"] });
    request.resume();
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  client = new BulkClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, "key-1");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test("understands every status that the API can answer", async () => {
  for (const status of statuses) {
    const task = taskOf({ status, request: requestOf({ host: "workers" }) });
    const body = showBulkTask(task, { now: Date.now(), usdPerMillionTokens: 0.02 });
    answer = { status: 200, body };
    expect(await client.status(task.task_id)).toMatchObject({
      task_id: task.task_id,
      // What was skipped is shown as completed.
      status: status === "SKIPPED" ? "COMPLETED" : status,
    });
  }
  expect(asked[0]).toMatchObject({ method: "GET", key: "key-1" });
});

test("shows the health of a service that takes no work", async () => {
  const body = {
    status: "degraded",
    version: "1",
    workers: { active: 0, available: 0, queued_tasks: null },
    redis: "connected",
    dynamodb: "unreachable",
  };
  answer = { status: 503, body };
  expect(await client.health()).toEqual(body);
});

test("understands the monitoring that the API answers, and says what is unusual", async () => {
  const task = taskOf({
    status: "PARTIALLY_COMPLETED",
    updated_at: new Date().toISOString(),
    request: requestOf({ host: "workers" }),
    counts: { processed: 80, failed: 20, filtered: 0, duplicates: 0, unchanged: 0, cached: 0, tokens: 9 },
  });
  const tasks = { list: async () => ({ tasks: [task], next: undefined }), progress: async () => undefined };
  const body = await new Monitoring({ ...healthDeps(), tasks, now: Date.now }).read();
  answer = { status: 200, body };
  const text = monitoringLines(await client.monitoring()).join("\n");
  expect(text).toContain("80 in the index, 20 failed (20.0 %), of 1 tasks");
  expect(text).toContain(`anomaly    ${task.task_id} (high): 20.0 % of its records failed.`);
});

test("tells a refusal from a service that is away", async () => {
  answer = { status: 409, body: { error: "conflict", message: "It is over." } };
  await expect(client.cancel("task-1")).rejects.toBeInstanceOf(BulkRefusedError);
  for (const status of [429, 502]) {
    answer = { status, body: { message: "later" } };
    await expect(client.status("task-1")).rejects.toBeInstanceOf(BulkUnreachableError);
  }
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  await expect(client.status("task-1")).rejects.toBeInstanceOf(BulkUnreachableError);
});
