import { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { S3VectorsSink } from "./s3-vectors-sink.ts";

/** A put of 10 MB takes one or two seconds. */
const answeredWithinMs = 60_000;

let client: S3VectorsClient | undefined;

/** Opens the sink with one shared client, so that its connections live as long as the process. */
export function openS3Vectors(bucketName: string, giveUpAt: () => number): S3VectorsSink {
  client ??= new S3VectorsClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: answeredWithinMs, throwOnRequestTimeout: true },
  });
  return new S3VectorsSink({ client, bucketName, giveUpAt });
}
