import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataServices } from "../../local/data-services.ts";
import { startEndpoint } from "../../local/endpoint/endpoint.ts";
import { startFrontInThread } from "../../local/endpoint/front-in-thread.ts";
import { Iam, type Role } from "../../local/iam/iam.ts";
import { LogStore } from "../../local/services/logs/log-store.ts";
import { Clusters } from "../../local/services/rds-data/clusters.ts";

/** Serves the data services until stdin ends. Argument: the roles to register, as JSON. Prints their URLs, as JSON. */
const iam = new Iam();
for (const role of JSON.parse(process.argv[2] ?? "[]") as Role[]) iam.registerRole(role);
const folder = mkdtempSync(join(tmpdir(), "vectorkeep-services-"));
const clusters = new Clusters(folder);
const services = dataServices({ logs: new LogStore(), clusters });
const endpoint = await startEndpoint({ port: 0, services, iam });
const front = await startFrontInThread(endpoint.replyTo);
process.stdin
  .once("end", async () => {
    await front.close();
    await endpoint.close();
    rmSync(folder, { recursive: true });
  })
  .resume();
console.log(JSON.stringify({ url: endpoint.url, objectsUrl: front.url }));
