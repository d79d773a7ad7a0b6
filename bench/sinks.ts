import { rm } from "node:fs/promises";
import { ChromaServer } from "../core/collections/chroma/chroma-server.ts";
import { ChromaVectorStore, indexSettings } from "../core/collections/chroma/chroma-vector-store.ts";
import { base64Length } from "../core/collections/chroma/upsert-request.ts";
import { startService } from "./child.ts";
import type { SinkName } from "./options.ts";
import type { BenchRecord } from "./records.ts";
import { checkSample } from "./sample.ts";
import { StoredWronglyError } from "./stored-wrongly-error.ts";

/** The name of the collection that every contender fills. */
export const collection = "lines";

/** Where the vectors of one contender in one round go: fresh and empty. */
export interface Sink {
  readonly url: string;
  /** Throws StoredWronglyError where the records are not all there as they were given. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface SinkSettings {
  readonly records: readonly BenchRecord[];
  readonly dimensions: number;
  readonly embeddingsUrl: string;
  /** Of the native Chroma server. */
  readonly library: string;
  /** Does not exist; for the sink alone. */
  readonly folder: string;
}

export function openSink(name: SinkName, settings: SinkSettings): Promise<Sink> {
  return name === "chroma" ? openChroma(settings) : openNull(settings);
}

/** A Chroma server whose collection has the product's index settings before any contender sees it. */
async function openChroma({ records, embeddingsUrl, library, folder }: SinkSettings): Promise<Sink> {
  const server = await ChromaServer.start({ library, path: folder });
  const store = await ChromaVectorStore.open(server, collection);
  return {
    url: server.url,
    async check() {
      const count = await store.count();
      if (count !== records.length) throw new StoredWronglyError(`${count} vectors of ${records.length}`);
      await checkIndex(server.url);
      await checkSample(store, records, embeddingsUrl);
    },
    async close() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A contender may have opened the collection with settings of its own. */
async function checkIndex(url: string): Promise<void> {
  const database = `${url}/api/v2/tenants/default_tenant/databases/default_database`;
  const found = (await (await fetch(`${database}/collections/${collection}`)).json()) as {
    configuration_json: { hnsw: Record<string, unknown> };
  };
  for (const [setting, value] of Object.entries(indexSettings)) {
    const actual = found.configuration_json.hnsw[setting];
    if (actual !== value) throw new StoredWronglyError(`the index has ${setting} ${actual}, not ${value}`);
  }
}

/** Stores nothing; it only checks that enough bytes arrived for all vectors. */
async function openNull({ records, dimensions }: SinkSettings): Promise<Sink> {
  const service = await startService("null-sink.ts", [String(dimensions)]);
  const least = records.length * base64Length(dimensions);
  return {
    url: service.url,
    async check() {
      const received = (await (await fetch(`${service.url}/received`)).json()) as number;
      if (received < least)
        throw new StoredWronglyError(`${received} bytes came, and all vectors have ${least}`);
    },
    close: () => service.stop(),
  };
}
