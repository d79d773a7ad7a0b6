import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { postUpsert } from "../../../core/collections/chroma/upsert-request.ts";
import { deltaOf, vectorOf } from "../../unit/collections/sample-deltas.ts";

describe("an upsert request", () => {
  test("is the JSON that Chroma reads, with base64 embeddings of the parts' vectors", async () => {
    const bodies: string[] = [];
    const server = createServer(async (incoming, answer) => {
      bodies.push(await text(incoming));
      answer.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const one = deltaOf(1, "a", ['say "milk"', "Brötchen 🥖\n", "tea"]);
    const other = deltaOf(
      2,
      "b",
      Array.from({ length: 200 }, (_, line) => `line ${line}`),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/upsert`;
    const parts = [
      { delta: one, from: 1, to: 3 },
      { delta: other, from: 0, to: 200 },
    ];
    expect(await postUpsert(url, parts)).toEqual({ status: 200, text: "{}" });
    server.close();
    const body = JSON.parse(bodies[0] ?? "");
    const documents = [...one.documents.slice(1), ...other.documents];
    expect(body.ids).toEqual([...one.ids.slice(1), ...other.ids]);
    expect(body.documents).toEqual(documents);
    expect(body.metadatas).toEqual([...one.metadatas.slice(1), ...other.metadatas]);
    const vectors = body.embeddings.map((base64: string) => {
      const bytes = new Uint8Array(Buffer.from(base64, "base64"));
      return [...new Float32Array(bytes.buffer)];
    });
    expect(vectors).toEqual(documents.map(vectorOf));
  });
});
