import { PutVectorsCommand } from "@aws-sdk/client-s3vectors";
import type { SinkVector } from "../vector-sink.ts";
import { vectorsJson } from "../vectors-json.ts";

export interface IndexPlace {
  readonly vectorBucketName: string;
  readonly indexName: string;
}

/**
 * A put whose body is written here: the client would take more CPU to write the numbers than all else that is done to
 * a row.
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
    // After the client has written its own body, before it is signed.
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
