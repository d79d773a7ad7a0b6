import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { RejectedRows } from "../../core/failed/rejected-rows.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import type { StackOutputs } from "../target.ts";

/** Returns the number of rejected rows of current runs; undefined if it cannot be read, which is not a finding. */
export async function countRejectedRows(outputs: StackOutputs): Promise<number | undefined> {
  const { receiptsTable, controlTable, deltasBucket: bucket } = outputs;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const runs = new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable });
  const source = new RejectedRows({ s3: new S3Client({}), bucket, runs });
  return source.list(0).then(
    ({ total }) => total,
    () => undefined,
  );
}
