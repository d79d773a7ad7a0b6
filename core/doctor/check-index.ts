import type { VectorIndex } from "../catchup/index/vector-index.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

export async function checkIndex(index: VectorIndex, host: string, dimensions: number): Promise<Finding[]> {
  const held = await index.dimension();
  if (held === undefined) {
    return [
      warn(
        `The index at ${host} accepts the key but does not report its dimension.`,
        "Check in Pinecone's console that it is a dense index.",
      ),
    ];
  }
  if (held !== dimensions) {
    return [
      fail(
        `The index at ${host} has ${held} dimensions, but the stack embeds ${dimensions}.`,
        `Create an index with ${dimensions} dimensions and set catchup:pineconeHost, or set embedding:dimensions.`,
      ),
    ];
  }
  return [ok(`The index at ${host} accepts the key and has ${held} dimensions.`)];
}
