import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Credentials } from "../iam/iam.ts";
import { region } from "../protocol/account.ts";

/** SDK clients that call the endpoint with a role's credentials, as Lambda and ECS do for their users. */
export interface RoleClients {
  readonly logs: CloudWatchLogsClient;
  readonly sqs: SQSClient;
  readonly streams: DynamoDBStreamsClient;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  destroy(): void;
}

export function roleClients(endpoint: string, credentials: Credentials): RoleClients {
  const options = { endpoint, region, credentials };
  const logs = new CloudWatchLogsClient(options);
  const sqs = new SQSClient(options);
  const streams = new DynamoDBStreamsClient(options);
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const lambda = new LambdaClient(options);
  return {
    logs,
    sqs,
    streams,
    s3,
    lambda,
    destroy() {
      for (const client of [logs, sqs, streams, s3, lambda]) client.destroy();
    },
  };
}
