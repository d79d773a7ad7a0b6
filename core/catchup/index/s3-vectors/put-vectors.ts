import { PutVectorsCommand } from "@aws-sdk/client-s3vectors";
import type { SinkVector } from "../vector-sink.ts";
import { vectorsJson } from "../vectors-json.ts";

export interface IndexPlace {
  readonly vectorBucketName: string;
  readonly indexName: string;
}

/**
 * Returns a put with its own serialization, because the client would use more CPU for the numbers than all other steps
 * of a row.
 */
export function putVectors(place: IndexPlace, vectors: readonly SinkVector[]): PutVectorsCommand {
  const body = putBody(place, vectors);
  const command = new PutVectorsCommand({ ...place, vectors: [] });
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: Uint8Array; headers: Record<string, string> };
      request.body = body;
      request.headers["content-length"] = String(body.length);
      return next(args);
    },
    // After the client has serialized its own body, and before the request is signed.
    { name: "writtenBody", step: "build", priority: "high" },
  );
  return command;
}

function putBody({ vectorBucketName, indexName }: IndexPlace, vectors: readonly SinkVector[]): Buffer {
  const frames = vectors.map(({ id, vector, metadata }) => ({
    before: `{"key":${JSON.stringify(id)},"data":{"float32":[`,
    vector,
    after: `]},"metadata":${JSON.stringify(metadata)}}`,
  }));
  const place = `"vectorBucketName":${JSON.stringify(vectorBucketName)},"indexName":${JSON.stringify(indexName)}`;
  return vectorsJson('{"vectors":', frames, `,${place}}`);
}
