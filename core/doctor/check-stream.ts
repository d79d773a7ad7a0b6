import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { type Finding, fail, ok } from "./check.ts";

export interface StreamCheck {
  readonly dynamodb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly receiptsTable: string;
  readonly streamProcessor: string;
}

/** Checks that changes of the receipts table reach the stream processor with old and new images. */
export async function checkStream(parts: StreamCheck): Promise<Finding[]> {
  const { receiptsTable, streamProcessor } = parts;
  const { Table } = await parts.dynamodb.send(new DescribeTableCommand({ TableName: receiptsTable }));
  const { StreamEnabled, StreamViewType } = Table?.StreamSpecification ?? {};
  if (!StreamEnabled || StreamViewType !== "NEW_AND_OLD_IMAGES") {
    return [
      fail(
        StreamEnabled
          ? `The stream of ${receiptsTable} has the view type ${StreamViewType}, not NEW_AND_OLD_IMAGES.`
          : `The table ${receiptsTable} has no stream, so changes of items do not reach vectors.`,
        "Enable the stream with NEW_AND_OLD_IMAGES, run `pulumi up`, and then `npm run verify -- --repair`.",
      ),
    ];
  }
  const { EventSourceMappings = [] } = await parts.lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: streamProcessor }),
  );
  const mapping = EventSourceMappings.find(({ EventSourceArn }) => EventSourceArn === Table?.LatestStreamArn);
  if (mapping === undefined) {
    return [
      fail(
        `No event source mapping delivers the stream of ${receiptsTable} to ${streamProcessor}. A stream that was re-enabled has a new ARN.`,
        "Run `pulumi up`, and then `npm run verify -- --repair` for changes since.",
      ),
    ];
  }
  if (!["Enabled", "Enabling", "Updating", "Creating"].includes(mapping.State ?? "")) {
    return [
      fail(
        `The event source mapping of the stream of ${receiptsTable} is ${mapping.State}. Changes are lost after 24 hours.`,
        `Enable it: aws lambda update-event-source-mapping --enabled --uuid ${mapping.UUID}`,
      ),
    ];
  }
  return [ok(`The stream of ${receiptsTable} is delivered with NEW_AND_OLD_IMAGES.`)];
}
