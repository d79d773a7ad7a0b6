import type { DeltaPart } from "./vector-store.ts";

const bytesPerNumber = 4;

/** The JSON body of Chroma's upsert, with base64 embeddings. Chroma's client would join their bytes one by one. */
export function upsertRequest(parts: readonly DeltaPart[]): Buffer {
  const records = {
    ids: parts.flatMap(({ delta, from, to }) => delta.ids.slice(from, to)),
    documents: parts.flatMap(({ delta, from, to }) => delta.documents.slice(from, to)),
    metadatas: parts.flatMap(({ delta, from, to }) => delta.metadatas.slice(from, to)),
  };
  const header = Buffer.from(`${JSON.stringify(records).slice(0, -1)},"embeddings":[`);
  const vectorsLength = parts.reduce(
    (sum, { delta, from, to }) => sum + (to - from) * (base64Length(delta.dimensions) + 3),
    0,
  );
  const body = Buffer.allocUnsafe(header.length + vectorsLength + 1);
  header.copy(body);
  let end = header.length;
  for (const { delta, from, to } of parts) {
    const width = delta.dimensions * bytesPerNumber;
    const vectors = Buffer.from(delta.vectors.buffer, delta.vectors.byteOffset, delta.vectors.byteLength);
    for (let start = from * width; start < to * width; start += width) {
      end += body.write(`"${vectors.toString("base64", start, start + width)}",`, end, "latin1");
    }
  }
  body.write("]}", end - 1, "latin1");
  return body;
}

/** Characters of one vector in a request. */
export function base64Length(dimensions: number): number {
  return Math.ceil((dimensions * bytesPerNumber) / 3) * 4;
}
