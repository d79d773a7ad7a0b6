import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeChromaLibrary } from "../infra/bundles/chroma-library.ts";
import { startService } from "./child.ts";

export const dimensions = 1_536;

/** What a benchmark runs in. */
export interface Surroundings {
  /** OpenAI-compatible, ends in `/v1`; it answers at once. */
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
  /** File of the native Chroma server. */
  readonly library: string;
  /** For all that is written. */
  readonly folder: string;
}

/** Runs with an endpoint in a process of its own and a folder, both of which are gone afterwards. */
export async function withSurroundings<Result>(
  run: (surroundings: Surroundings) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const endpoint = await startService("embeddings-endpoint.ts", [String(dimensions)]);
  try {
    const library = join(folder, "chroma.node");
    await writeChromaLibrary(library);
    return await run({
      embeddingsUrl: `${endpoint.url}/v1`,
      model: "text-embedding-3-small",
      dimensions,
      library,
      folder,
    });
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true });
  }
}
