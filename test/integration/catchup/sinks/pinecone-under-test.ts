import { Pinecone } from "@pinecone-database/pinecone";
import { PineconeSink } from "../../../../core/catchup/index/pinecone/pinecone-sink.ts";
import { startPineconeServer } from "../../../../local/pinecone/server.ts";
import { type HeldVector, type SinkUnderTest, sinkDimensions } from "./sink-contract.ts";

const idsPerFetch = 50;

export async function pineconeUnderTest(): Promise<SinkUnderTest> {
  const server = await startPineconeServer({
    port: 0,
    indexes: [{ name: "rows", dimension: sinkDimensions }],
  });
  const host = `${server.url}/hosts/rows`;
  const index = new Pinecone({ apiKey: "any" }).index({ host });
  const sinkAt = (address: string, ms = 20_000) =>
    new PineconeSink({ apiKey: "pc-secret", host: address, giveUpAt: () => Date.now() + ms });

  async function idsIn(namespace: string): Promise<string[]> {
    const ids: string[] = [];
    for (let page: string | undefined, isFirst = true; isFirst || page !== undefined; isFirst = false) {
      const listed = await index.listPaginated({ namespace, ...(page && { paginationToken: page }) });
      ids.push(...(listed.vectors ?? []).flatMap(({ id }) => id ?? []));
      page = listed.pagination?.next;
    }
    return ids;
  }

  return {
    sink: sinkAt(host),
    refused: sinkAt(`${server.url}/hosts/none`),
    unreachable: sinkAt("http://127.0.0.1:1", 0),
    async held(namespace) {
      const ids = await idsIn(namespace);
      const held = new Map<string, HeldVector>();
      for (let at = 0; at < ids.length; at += idsPerFetch) {
        const { records } = await index.fetch({ namespace, ids: ids.slice(at, at + idsPerFetch) });
        for (const [id, { values, metadata }] of Object.entries(records)) {
          held.set(id, { values: values ?? [], metadata: metadata ?? {} });
        }
      }
      return held;
    },
    stop: () => server.close(),
  };
}
