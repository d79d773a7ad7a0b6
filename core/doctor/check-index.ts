import { nameOf } from "../catchup/index/index-errors.ts";
import type { VectorSink } from "../catchup/index/vector-sink.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

/** Checks the index. `place` is its location for operators; `namespace` is the default namespace of tasks. */
export async function checkIndex(
  index: VectorSink,
  place: string,
  namespace: string,
  dimensions: number,
): Promise<Finding[]> {
  const name = nameOf(index.sink);
  const { dimension: held } = await index.describe(namespace);
  if (held === undefined) return [undescribed(index, place, namespace)];
  if (held !== dimensions) {
    return [
      fail(
        `The index in ${name} (${place}) has ${held} dimensions, but the stack embeds ${dimensions}.`,
        index.sink === "pinecone"
          ? `Create an index with ${dimensions} dimensions and set catchup:pineconeHost, or set embedding:dimensions.`
          : "Set catchup:namespace to one of that dimension or to a new one, or set embedding:dimensions.",
      ),
    ];
  }
  return [ok(`${name} (${place}) accepts the stack, and the index has ${held} dimensions.`)];
}

/** Pinecone's index exists before its vectors; the other sinks create one with the first vector of a namespace. */
function undescribed(index: VectorSink, place: string, namespace: string): Finding {
  const name = nameOf(index.sink);
  return index.sink === "pinecone"
    ? warn(
        `The index at ${place} accepts the key but does not report its dimension.`,
        "Check in Pinecone's console that it is a dense index.",
      )
    : ok(`${name} (${place}) accepts the stack; the first task makes the index of ${namespace}.`);
}
