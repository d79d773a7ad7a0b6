import { Pinecone } from "@pinecone-database/pinecone";
import { PineconeSink } from "../../../core/catchup/index/pinecone/pinecone-sink.ts";
import type { LoopbackServer } from "../../../local/loopback-server.ts";
import { startPineconeServer } from "../../../local/pinecone/server.ts";
import { sinkContract, sinkDimensions } from "./sink-contract.ts";

let server: LoopbackServer;
afterAll(() => server.close());

sinkContract("Pinecone", async () => {
  server = await startPineconeServer({ port: 0, indexes: [{ name: "rows", dimension: sinkDimensions }] });
  const host = `${server.url}/hosts/rows`;
  const index = new Pinecone({ apiKey: "any" }).index({ host });
  const sinkAt = (address: string) =>
    new PineconeSink({ apiKey: "pc-secret", host: address, giveUpAt: () => Date.now() + 20_000 });
  return {
    sink: sinkAt(host),
    refused: sinkAt(`${server.url}/hosts/none`),
    unreachable: new PineconeSink({ apiKey: "any", host: "http://127.0.0.1:1", giveUpAt: () => Date.now() }),
    async held(namespace) {
      const ids: string[] = [];
      for (let page: string | undefined, isFirst = true; isFirst || page !== undefined; isFirst = false) {
        const listed = await index.listPaginated({ namespace, ...(page && { paginationToken: page }) });
        ids.push(...(listed.vectors ?? []).flatMap(({ id }) => id ?? []));
        page = listed.pagination?.next;
      }
      const held = new Map();
      for (let at = 0; at < ids.length; at += 50) {
        const { records } = await index.fetch({ namespace, ids: ids.slice(at, at + 50) });
        for (const [id, { values, metadata }] of Object.entries(records)) held.set(id, { values, metadata });
      }
      return held;
    },
  };
});
