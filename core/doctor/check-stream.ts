import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { type Finding, fail, ok } from "./check.ts";

export interface StreamCheck {
  readonly dynamodb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly receiptsTable: string;
  readonly streamProcessor: string;
}

/** Whether changes of the receipts table reach the stream processor, with what they were before and after. */
export async function checkStream(parts: StreamCheck): Promise<Finding[]> {
  const { receiptsTable, streamProcessor } = parts;
  const { Table } = await parts.dynamodb.send(new DescribeTableCommand({ TableName: receiptsTable }));
  const { StreamEnabled, StreamViewType } = Table?.StreamSpecification ?? {};
  if (!StreamEnabled || StreamViewType !== "NEW_AND_OLD_IMAGES") {
    return [
      fail(
        StreamEnabled
          ? `The stream of ${receiptsTable} holds ${StreamViewType}, and not NEW_AND_OLD_IMAGES.`
          : `The table ${receiptsTable} has no stream: no change of an item reaches a vector.`,
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
        `Nothing delivers the stream of ${receiptsTable} to ${streamProcessor}: a stream that was enabled again has another ARN.`,
        "Run `pulumi up`, and then `npm run verify -- --repair` for what was changed meanwhile.",
      ),
    ];
  }
  if (!["Enabled", "Enabling", "Updating", "Creating"].includes(mapping.State ?? "")) {
    return [
      fail(
        `The mapping of the stream of ${receiptsTable} is ${mapping.State}. Changes wait for 24 hours and are then lost.`,
        `Enable it: aws lambda update-event-source-mapping --enabled --uuid ${mapping.UUID}`,
      ),
    ];
  }
  return [ok(`The stream of ${receiptsTable} is delivered with NEW_AND_OLD_IMAGES.`)];
}
