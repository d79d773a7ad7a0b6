import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { RowsPart } from "./vector-store.ts";

const bytesPerNumber = 4;
/** Vectors encoded per write: the server reads them while the next ones are encoded. */
const vectorsPerBatch = 64;

/**
 * Posts an upsert with base64 embeddings to a Chroma server and resolves to its response. The body is encoded while it
 * is sent, so it is never in memory as a whole. (Chroma's client joins the bytes of base64 one by one, and `fetch`
 * copies a body twice before it sends it.)
 */
export async function postUpsert(
  url: string,
  parts: readonly RowsPart[],
): Promise<{ readonly status: number; readonly text: string }> {
  const records = recordsOf(parts);
  const sent = request(url, {
    method: "POST",
    agent: false,
    headers: {
      "content-type": "application/json",
      "content-length": records.length + embeddingsLength(parts),
    },
  });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  const written = pipeline(Readable.from(body(records, parts)), sent).then(() => answered);
  const [answer] = await Promise.race([answered, written]);
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}

/** Length of one vector in a request, in characters. */
export function base64Length(dimensions: number): number {
  return Math.ceil((dimensions * bytesPerNumber) / 3) * 4;
}

/** The body up to the first embedding. */
function recordsOf(parts: readonly RowsPart[]): Buffer<ArrayBuffer> {
  const records = JSON.stringify({
    ids: parts.flatMap(({ delta, from, to }) => delta.ids.slice(from, to)),
    documents: parts.flatMap(({ delta, from, to }) => delta.documents.slice(from, to)),
    metadatas: parts.flatMap(({ delta, from, to }) => delta.metadatas.slice(from, to)),
  });
  return Buffer.from(`${records.slice(0, -1)},"embeddings":[`);
}

/** Bytes of the embeddings in quotes, the commas between them, and the end of the body. */
function embeddingsLength(parts: readonly RowsPart[]): number {
  return parts.reduce(
    (sum, { delta, from, to }) => sum + (to - from) * (base64Length(delta.dimensions) + 3),
    1,
  );
}

function* body(records: Buffer, parts: readonly RowsPart[]): Generator<Buffer> {
  yield records;
  let comma = "";
  for (const { delta, from, to } of parts) {
    const width = delta.dimensions * bytesPerNumber;
    const vectors = Buffer.from(delta.vectors.buffer, delta.vectors.byteOffset, delta.vectors.byteLength);
    for (let first = from; first < to; first += vectorsPerBatch) {
      const last = Math.min(first + vectorsPerBatch, to);
      const piece = Buffer.allocUnsafe((last - first) * (base64Length(delta.dimensions) + 3));
      let end = 0;
      for (let at = first; at < last; at += 1) {
        const base64 = vectors.toString("base64", at * width, (at + 1) * width);
        end += piece.write(`${comma}"${base64}"`, end, "latin1");
        comma = ",";
      }
      yield piece.subarray(0, end);
    }
  }
  yield Buffer.from("]}");
}
