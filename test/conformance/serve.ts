import { dataServices } from "../../local/data-services.ts";
import { startEndpoint } from "../../local/endpoint/endpoint.ts";
import { startFrontInThread } from "../../local/endpoint/front-in-thread.ts";
import { Iam, type Role } from "../../local/iam/iam.ts";
import { LogStore } from "../../local/services/logs/log-store.ts";

/** Serves the data services until stdin ends. Argument: the roles to register, as JSON. Prints their URLs, as JSON. */
const iam = new Iam();
for (const role of JSON.parse(process.argv[2] ?? "[]") as Role[]) iam.registerRole(role);
const endpoint = await startEndpoint({ port: 0, services: dataServices(new LogStore()), iam });
const front = await startFrontInThread(endpoint.replyTo);
process.stdin
  .once("end", async () => {
    await front.close();
    await endpoint.close();
  })
  .resume();
console.log(JSON.stringify({ url: endpoint.url, objectsUrl: front.url }));
