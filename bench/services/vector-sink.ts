import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { announce } from "./announce.ts";

/**
 * Acknowledges upserts as Pinecone does, and keeps no vector: only which ids came, and how many vectors.
 * `GET /stored` tells, `POST /empty` forgets.
 */
export interface Stored {
  /** Different ids. */
  readonly ids: number;
  /** Vectors that were written, each writing of one. */
  readonly writes: number;
}

const idBefore = Buffer.from('"id":"bench.');
const quote = Buffer.from('"');
const ids = new Set<string>();
let writes = 0;

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  let answer: unknown = {};
  if (request.url === "/stored") answer = { ids: ids.size, writes } satisfies Stored;
  else if (request.url === "/empty") forget();
  else answer = { upsertedCount: noteIds(body) };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
});
// A client that is slow for a moment finds its connection closed otherwise, which none of them is measured by.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
announce(server);

/** Looks for ids instead of parsing: the sink shall cost next to nothing. */
function noteIds(body: Buffer): number {
  let found = 0;
  for (let at = body.indexOf(idBefore); at >= 0; at = body.indexOf(idBefore, at)) {
    const start = at + idBefore.length;
    at = body.indexOf(quote, start);
    ids.add(body.toString("latin1", start, at));
    found += 1;
  }
  writes += found;
  return found;
}

function forget(): void {
  ids.clear();
  writes = 0;
}
