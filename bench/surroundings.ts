import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeChromaLibrary } from "../infra/bundles/chroma-library.ts";
import { startService } from "./child.ts";

export const dimensions = 1_536;

export const model = "text-embedding-3-small";

/** A folder and the server that a benchmark runs with. */
export interface Premises {
  /** File of the native Chroma server. */
  readonly library: string;
  /** For all that is written. */
  readonly folder: string;
}

/** What a benchmark of embedding runs in. */
export interface Surroundings extends Premises {
  /** OpenAI-compatible, ends in `/v1`; it answers at once. */
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
}

/** Runs with an endpoint in its own process and a folder, and removes both afterwards. */
export function withSurroundings<Result>(
  run: (surroundings: Surroundings) => Promise<Result>,
): Promise<Result> {
  return withPremises(async (premises) => {
    const endpoint = await startService("embeddings-endpoint.ts", [String(dimensions)]);
    try {
      return await run({ ...premises, embeddingsUrl: `${endpoint.url}/v1`, model, dimensions });
    } finally {
      await endpoint.stop();
    }
  });
}

/** Runs with a temporary folder and removes it afterwards. */
export async function withPremises<Result>(run: (premises: Premises) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  try {
    const library = join(folder, "chroma.node");
    await writeChromaLibrary(library);
    return await run({ library, folder });
  } finally {
    await rm(folder, { recursive: true });
  }
}
