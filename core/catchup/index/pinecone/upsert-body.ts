import type { SinkVector } from "../vector-sink.ts";
import { vectorsJson } from "../vectors-json.ts";

export function upsertBody(namespace: string, vectors: readonly SinkVector[]): Buffer {
  const frames = vectors.map(({ id, vector, metadata }) => ({
    before: `{"id":${JSON.stringify(id)},"values":[`,
    vector,
    after: `],"metadata":${JSON.stringify(metadata)}}`,
  }));
  return vectorsJson('{"vectors":', frames, `,"namespace":${JSON.stringify(namespace)}}`);
}
