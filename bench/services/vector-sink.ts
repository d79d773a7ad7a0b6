import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { announce } from "./announce.ts";
import { NotedIds } from "./noted-ids.ts";

/**
 * Acknowledges upserts as Pinecone does, and keeps no vector: only which ids came, and how many vectors.
 * `GET /stored` tells, `POST /empty` forgets.
 */
const noted = new NotedIds("id");

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  let answer: unknown = {};
  if (request.url === "/stored") answer = noted.stored;
  else if (request.url === "/empty") noted.forget();
  else answer = { upsertedCount: noted.note(body) };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
});
// A client that is slow for a moment finds its connection closed otherwise, which none of them is measured by.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
announce(server);
