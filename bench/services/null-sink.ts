import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { announce } from "./announce.ts";

/**
 * Implements the HTTP API of Chroma and stores nothing: it reads a body completely and acknowledges it. What a contender
 * reaches here is the speed of the contender.
 */
const collection = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "",
  configuration_json: {},
  metadata: { dimension: Number(process.argv[2]) },
  dimension: null,
  tenant: "default_tenant",
  database: "default_database",
  log_position: 0,
  version: 0,
};
let received = 0;

const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on("end", () => reply(request, response));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
announce(server);

function reply(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "/", "http://sink");
  const resource = pathname.split("/").at(-1) ?? "";
  const text = JSON.stringify(answerTo(resource));
  response.writeHead(resource === "add" ? 201 : 200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function answerTo(resource: string): unknown {
  switch (resource) {
    case "version":
      return "1.0.0";
    case "heartbeat":
      return { "nanosecond heartbeat": Date.now() * 1e6 };
    case "pre-flight-checks":
      return { max_batch_size: 5461, supports_base64_encoding: true };
    case "identity":
      return { user_id: "", tenant: "default_tenant", databases: ["default_database"] };
    case "add":
    case "upsert":
    case "update":
      return {};
    case "get":
      return { ids: [], documents: [], metadatas: [], embeddings: null, uris: null, include: [] };
    case "count":
      return 0;
    case "received":
      return received;
    default:
      return collection;
  }
}
