import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { threadName as objectsThread } from "../../local/endpoint/front-in-thread.ts";
import { freePorts } from "../../local/free-ports.ts";
import { type LocalOutputs, startLocalStack } from "../../local/stack.ts";
import { keepFromLastProcessor, keepThreadToLastProcessor, keepToLastProcessor } from "../processors.ts";
import { acknowledgedPuts } from "./acknowledged-puts.ts";
import type { Announcement } from "./announce.ts";
import { countBytesRead } from "./bytes-read.ts";
import { NotedIds } from "./noted-ids.ts";

/** The deployed local stack, on free ports. Arguments: its state folder, and changes to its configuration as JSON. */
export interface StackAnnouncement extends Announcement {
  readonly outputs: LocalOutputs;
  /** Folder of all collections, where the file system is mounted. */
  readonly collectionsPath: string;
  /** Variables under which the AWS SDK reaches the stack. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * `GET` answers with the bytes of objects that were read from S3 so far, as pairs of `/bucket/key` and bytes.
   * `POST` gives the last processor to those who work on catch-up tasks and to the thread that takes in S3's bodies, and the
   * others to the rest. `GET /stored` and `POST /empty` are those of vector-sink.ts, for vectors put into S3 Vectors.
   */
  readonly helperUrl: string;
}

const [stateFolder = "", config = "{}"] = process.argv.slice(2);
const read = countBytesRead();
const noted = new NotedIds("key");
const helper = createServer((request, response) => {
  if (request.url === "/stored") return response.end(JSON.stringify(noted.stored));
  if (request.url === "/empty") noted.forget();
  else if (request.method === "POST") keepWorkersApart();
  response.end(JSON.stringify([...read]));
});
helper.listen(0, "127.0.0.1");
await once(helper, "listening");
const stack = await startLocalStack({
  port: 0,
  config: { ...freePorts, "bulk:enabled": "false", "images:enabled": "false", ...JSON.parse(config) },
  stateFolder,
  around: acknowledgedPuts(noted),
});
const announcement: StackAnnouncement = {
  url: stack.endpoint,
  outputs: stack.outputs,
  collectionsPath: join(stack.fileSystemFolder(stack.outputs.collectionsFileSystem), "collections"),
  environment: stack.environment,
  helperUrl: `http://127.0.0.1:${(helper.address() as AddressInfo).port}`,
};
function keepWorkersApart(): void {
  const functions = stack.outputs.catchUp?.functions;
  if (functions === undefined) throw new Error("The local stack has no catch-up API.");
  const { api, ...workers } = functions;
  for (const pid of [process.pid, ...stack.functionProcesses(api)]) keepFromLastProcessor(pid);
  for (const pid of Object.values(workers).flatMap(stack.functionProcesses)) keepToLastProcessor(pid);
  keepThreadToLastProcessor(objectsThread);
}

for (const end of ["SIGTERM", "disconnect"])
  process.once(end, () => void stack.stop().then(() => process.exit()));
process.send?.(announcement);
