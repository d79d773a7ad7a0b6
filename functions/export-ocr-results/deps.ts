import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { ExportConfig } from "./config.ts";

export function exportDeps(config: ExportConfig, { log }: Telemetry) {
  return {
    s3: new S3Client({}),
    artifactsBucket: config.ARTIFACTS_BUCKET,
    sqs: new SQSClient({}),
    embedQueueUrl: config.EMBED_QUEUE_URL,
    log,
  };
}
