import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ChromaSink } from "../../../core/catchup/index/chroma/chroma-sink.ts";
import { IndexUnavailableError } from "../../../core/catchup/index/index-errors.ts";

/** A proxy that answers in Chroma's place, as while the server behind it restarts. */
let proxy: Server;
let sink: ChromaSink;

beforeAll(async () => {
  proxy = createServer((_, response) => void response.end("<html>Back soon</html>")).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/api/v2/tenants/t/databases/d`;
  sink = new ChromaSink({ url, apiKey: undefined, giveUpAt: () => Date.now() + 60_000 });
});
afterAll(() => proxy.close());

test("an answer that is not Chroma's is an outage with a name, and no vector counts as stored", async () => {
  const vector = new Uint8Array(new Float32Array([1, 0]).buffer);
  const upsert = sink.upsert("v2", [{ id: "a", vector, metadata: { text: "a" } }]);
  await expect(upsert).rejects.toThrow(IndexUnavailableError);
  await expect(sink.contentHashes("v2", ["a"])).rejects.toThrow(IndexUnavailableError);
});
