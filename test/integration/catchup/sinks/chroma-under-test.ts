import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { ChromaClient } from "chromadb";
import { ChromaSink } from "../../../../core/catchup/index/chroma/chroma-sink.ts";
import { namespaceSlug } from "../../../../core/catchup/index/namespace-slug.ts";
import { ChromaServer } from "../../../../core/collections/chroma/chroma-server.ts";
import { type LoopbackServer, sendJson, serveLoopback } from "../../../../local/loopback-server.ts";
import { chromaLibrary } from "../../../unit/collections/chroma.ts";
import type { HeldVector, SinkUnderTest } from "./sink-contract.ts";

const database = "/api/v2/tenants/default_tenant/databases/default_database";
const apiKey = "ck-secret";

export interface ChromaUnderTest extends SinkUnderTest {
  /** A sink of a database that the server does not have. */
  readonly missing: ChromaSink;
  /** URL of the database, which asks for no key. */
  readonly open: string;
}

/** The real server, behind one that asks for a key. */
export async function chromaUnderTest(): Promise<ChromaUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-chroma-sink-"));
  const chroma = await ChromaServer.start({ library: await chromaLibrary(), path: folder });
  const front = await withKey(chroma.url);
  const client = new ChromaClient({ host: chroma.host, port: chroma.port, ssl: false });
  const sinkAt = (url: string, key: string | undefined, ms = 20_000) =>
    new ChromaSink({ url, apiKey: key, giveUpAt: () => Date.now() + ms });
  return {
    sink: sinkAt(`${front.url}${database}`, apiKey),
    refused: sinkAt(`${front.url}${database}`, "ck-another"),
    unreachable: sinkAt(`http://127.0.0.1:1${database}`, undefined, 0),
    missing: sinkAt(`${chroma.url}${database.replace("default_database", "none")}`, undefined),
    open: `${chroma.url}${database}`,
    async held(namespace) {
      const collections = await client.listCollections();
      const collection = collections.find(({ name }) => name === namespaceSlug(namespace));
      const held = new Map<string, HeldVector>();
      if (collection === undefined) return held;
      const stored = await collection.get({ include: ["documents", "metadatas", "embeddings"] });
      for (const { id, document, metadata, embedding } of stored.rows()) {
        held.set(id, { values: [...(embedding ?? [])], metadata: { text: document, ...metadata } });
      }
      return held;
    },
    async stop() {
      await front.close();
      await chroma.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Chroma itself asks for no key; servers that do, do so in front of it. */
function withKey(target: string): Promise<LoopbackServer> {
  return serveLoopback(0, async (request, response) => {
    const key = request.headers["x-chroma-token"];
    if (key !== apiKey) return sendJson(response, 401, { error: "AuthError", message: `no key: ${key}` });
    const body = request.method === "GET" ? null : new Uint8Array(await buffer(request));
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      body,
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
}
