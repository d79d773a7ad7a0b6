import { startEndpoint } from "../../local/endpoint/endpoint.ts";
import { Iam, type Role } from "../../local/iam/iam.ts";
import { LogStore } from "../../local/services/logs/log-store.ts";
import { dataServices } from "../../local/services/services.ts";

/** Serves the data services until stdin ends. Argument: the roles to register, as JSON. Prints the endpoint's URL. */
const iam = new Iam();
for (const role of JSON.parse(process.argv[2] ?? "[]") as Role[]) iam.registerRole(role);
const endpoint = await startEndpoint({ port: 0, services: dataServices(new LogStore()), iam });
process.stdin.once("end", () => endpoint.close()).resume();
console.log(endpoint.url);
