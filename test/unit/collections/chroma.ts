import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaServer } from "../../../core/collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import { writeChromaLibrary } from "../../../infra/bundles/chroma-library.ts";

/** A file of the native library that loads here. Processes that come at once write the same bytes. */
export async function chromaLibrary(): Promise<string> {
  const file = join(tmpdir(), "vectorkeep-test-chroma-1.3.1.node");
  if (existsSync(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  await writeChromaLibrary(unfinished);
  await rename(unfinished, file);
  return file;
}

/** A real Chroma with an empty collection `lines`, gone with its files after `stop`. */
export async function startChroma() {
  const path = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
  const server = await ChromaServer.start({ library: await chromaLibrary(), path });
  const store = await ChromaVectorStore.open(server, "lines");
  const stop = async () => {
    await server.stop();
    await rm(path, { recursive: true, force: true });
  };
  return { path, server, store, stop };
}
