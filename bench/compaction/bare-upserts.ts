import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ChromaServer } from "../../core/collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../../core/collections/chroma/chroma-vector-store.ts";
import type { DeltaPart } from "../../core/collections/chroma/vector-store.ts";
import { SliceBuilder } from "../../core/collections/merge/delta-batches.ts";
import { decodeDelta } from "../../core/deltas/codec.ts";
import { knownMetadata } from "../../core/entities/receipt-facts.ts";
import type { BenchReceipt } from "../receipts.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";
import type { OneCollection } from "./one-collection.ts";
import { deltaKeyOf } from "./word-deltas.ts";

const nothingKnown = { fields: {}, labels: new Map() };

/**
 * The limit: how long the server takes for full upserts of the same vectors, on a copy of a generation (undefined for
 * none). Their bodies are ready before the first is sent, and nothing is read, checked or kept. Resolves to seconds.
 */
export async function bareUpserts(
  collection: OneCollection,
  generation: string | undefined,
  receipts: readonly BenchReceipt[],
): Promise<number> {
  const bodies = await bodiesOf(collection, receipts);
  const path = join(collection.premises.folder, "bare");
  await mkdir(path);
  if (generation) await collection.generations.copyTo(path, generation);
  const server = await ChromaServer.start({ library: collection.premises.library, path });
  try {
    const { url, store } = await openCollection(server, collection);
    const before = await store.count();
    const began = performance.now();
    for (const body of bodies) await post(url, body);
    const seconds = (performance.now() - began) / 1_000;
    const vectors = receipts.reduce((sum, { words }) => sum + words.length, 0);
    const stored = (await store.count()) - before;
    if (stored !== vectors)
      throw new StoredWronglyError(`${stored} new vectors of ${vectors} by bare upserts`);
    return seconds;
  } finally {
    await server.stop();
    await rm(path, { recursive: true });
  }
}

async function bodiesOf(
  { deltas }: OneCollection,
  receipts: readonly BenchReceipt[],
): Promise<Buffer<ArrayBuffer>[]> {
  const slices = new SliceBuilder();
  const bodies: Buffer<ArrayBuffer>[] = [];
  for (const receipt of receipts) {
    const delta = decodeDelta(await deltas.get(deltaKeyOf(receipt)));
    for (const slice of slices.add(delta)) bodies.push(bodyOf(slice));
  }
  for (const slice of slices.rest()) bodies.push(bodyOf(slice));
  return bodies;
}

/** What the product stores, down to what it adds of a word without labels. */
function bodyOf(slice: readonly DeltaPart[]): Buffer<ArrayBuffer> {
  const vectors = slice.flatMap(({ delta, from, to }) =>
    delta.ids.slice(from, to).map((id, offset) => {
      const [position, width] = [from + offset, delta.dimensions * 4];
      const metadata = { ...delta.metadatas[position], ...knownMetadata(nothingKnown, delta.collection, id) };
      const bytes = Buffer.from(delta.vectors.subarray(position * width, (position + 1) * width));
      return { id, document: delta.documents[position], metadata, embedding: bytes.toString("base64") };
    }),
  );
  return Buffer.from(
    JSON.stringify({
      ids: vectors.map(({ id }) => id),
      documents: vectors.map(({ document }) => document),
      metadatas: vectors.map(({ metadata }) => metadata),
      embeddings: vectors.map(({ embedding }) => embedding),
    }),
  );
}

async function openCollection(server: ChromaServer, { target }: OneCollection) {
  const store = await ChromaVectorStore.open(server, target.collection);
  const database = `${server.url}/api/v2/tenants/default_tenant/databases/default_database`;
  const found = (await (await fetch(`${database}/collections/${target.collection}`)).json()) as {
    id: string;
  };
  return { url: `${database}/collections/${found.id}/upsert`, store };
}

async function post(url: string, body: Buffer<ArrayBuffer>): Promise<void> {
  const headers = { "content-type": "application/json", "content-length": body.length };
  const sent = request(url, { method: "POST", agent: false, headers });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode !== 200)
    throw new StoredWronglyError(`an upsert answered ${answer.statusCode} ${said}`);
}
