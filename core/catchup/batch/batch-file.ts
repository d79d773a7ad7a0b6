import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { embeddingsBody } from "../../embedding/openai-embedder.ts";
import type { Text } from "../chunks/embed-records.ts";
import { type ChunkWork, type UnpaidDeps, unpaidRequests } from "../chunks/process-chunk.ts";
import { textDigest } from "../chunks/stored-vectors.ts";
import { batchLimits } from "./batch-limits.ts";
import type { BatchRequest, Manifest } from "./manifest.ts";

/** The file of a batch's requests on disk, and what is in it. */
export interface BatchFile {
  readonly path: string;
  /** Of its content: equal files ask for the same vectors in the same order. */
  readonly digest: string;
  readonly inputs: number;
  readonly manifest: Manifest;
}

/**
 * Calls `use` with the requests that these chunks would pay for, as a file, which is on disk, because its texts may be
 * more than the memory. Requests beyond OpenAI's limits are left to the chunks. Undefined if there is nothing to pay.
 */
export async function withBatchFile<Result>(
  chunks: Iterable<ChunkWork>,
  deps: UnpaidDeps,
  use: (file: BatchFile) => Promise<Result>,
): Promise<Result | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "batch-"));
  try {
    const file = await write(join(folder, "requests.jsonl"), chunks, deps);
    return file.inputs === 0 ? undefined : await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(path: string, chunks: Iterable<ChunkWork>, deps: UnpaidDeps): Promise<BatchFile> {
  const output = createWriteStream(path);
  const content = createHash("sha256");
  const requests: BatchRequest[] = [];
  let inputs = 0;
  let bytes = 0;
  for (const work of chunks) {
    const unpaid = await unpaidRequests(work, deps);
    for (const [number, texts] of unpaid.entries()) {
      const custom_id = `${work.chunk.chunk}-${number}`;
      const line = Buffer.from(`${JSON.stringify(lineOf(custom_id, texts, deps))}\n`);
      if (inputs + texts.length > batchLimits.inputs || bytes + line.length > batchLimits.fileBytes) continue;
      inputs += texts.length;
      bytes += line.length;
      content.update(line);
      requests.push(requestOf(custom_id, work.chunk.chunk, texts, deps));
      if (!output.write(line)) await once(output, "drain");
    }
  }
  output.end();
  await finished(output);
  const { model, dimensions } = deps.embedder;
  return { path, digest: content.digest("hex"), inputs, manifest: { model, dimensions, requests } };
}

function lineOf(custom_id: string, texts: readonly Text[], { embedder }: UnpaidDeps): object {
  const input = texts.map(({ text }) => text);
  return { custom_id, method: "POST", url: "/v1/embeddings", body: embeddingsBody(embedder, input) };
}

function requestOf(
  custom_id: string,
  chunk: number,
  texts: readonly Text[],
  { embedder }: UnpaidDeps,
): BatchRequest {
  return {
    custom_id,
    chunk,
    tokens: texts.reduce((sum, { tokens }) => sum + tokens, 0),
    digests: Buffer.concat(texts.map(({ text }) => textDigest(text, embedder))).toString("base64"),
  };
}
