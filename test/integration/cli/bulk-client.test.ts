import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BulkClient, BulkRefusedError, BulkUnreachableError } from "../../../cli/bulk/client.ts";
import { showBulkTask } from "../../../core/bulk/api/show-bulk-task.ts";
import { statuses } from "../../../core/catchup/tasks/task.ts";
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
