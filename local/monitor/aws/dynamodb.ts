import {
  CreateTableCommand,
  type KeySchemaElement,
  type StreamViewType,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { z } from "zod";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const table = z.strictObject({
  name: z.string().optional(),
  billingMode: z.literal("PAY_PER_REQUEST"),
  hashKey: z.string(),
  rangeKey: z.string().optional(),
  attributes: z.array(z.object({ name: z.string(), type: z.enum(["S", "N", "B"]) })),
  globalSecondaryIndexes: z
    .array(
      z.strictObject({
        name: z.string(),
        keySchemas: z.array(
          z.strictObject({ attributeName: z.string(), keyType: z.enum(["HASH", "RANGE"]) }),
        ),
        projectionType: z.literal("ALL"),
      }),
    )
    .default([]),
  ttl: z.strictObject({ attributeName: z.string(), enabled: z.literal(true) }).optional(),
  streamEnabled: z.boolean().optional(),
  streamViewType: z.string().optional(),
  deletionProtectionEnabled: z.boolean().optional(),
  serverSideEncryption: z.unknown().optional(),
  pointInTimeRecovery: z.unknown().optional(),
  tags: z.unknown().optional(),
});

export const dynamodbCreators: Creators = {
  async "aws:dynamodb/table:Table"({ name, inputs }, { dynamodb }) {
    const wanted = parseInputs(table, inputs);
    const TableName = physicalName(wanted.name, name);
    const { TableDescription } = await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: wanted.billingMode,
        KeySchema: keySchema(wanted),
        ...(wanted.globalSecondaryIndexes.length > 0 && {
          GlobalSecondaryIndexes: wanted.globalSecondaryIndexes.map((index) => ({
            IndexName: index.name,
            KeySchema: index.keySchemas.map(({ attributeName, keyType }) => ({
              AttributeName: attributeName,
              KeyType: keyType,
            })),
            Projection: { ProjectionType: index.projectionType },
          })),
        }),
        AttributeDefinitions: wanted.attributes.map((attribute) => ({
          AttributeName: attribute.name,
          AttributeType: attribute.type,
        })),
        ...(wanted.streamEnabled
          ? {
              StreamSpecification: {
                StreamEnabled: true,
                StreamViewType: wanted.streamViewType as StreamViewType,
              },
            }
          : {}),
        DeletionProtectionEnabled: wanted.deletionProtectionEnabled ?? false,
      }),
    );
    if (wanted.ttl !== undefined) {
      const TimeToLiveSpecification = { Enabled: true, AttributeName: wanted.ttl.attributeName };
      await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    }
    const { TableArn, LatestStreamArn, LatestStreamLabel } = TableDescription ?? {};
    return {
      id: TableName,
      outputs: { name: TableName, arn: TableArn, streamArn: LatestStreamArn, streamLabel: LatestStreamLabel },
    };
  },
};

function keySchema({
  hashKey,
  rangeKey,
}: {
  hashKey: string;
  rangeKey?: string | undefined;
}): KeySchemaElement[] {
  return [
    { AttributeName: hashKey, KeyType: "HASH" },
    ...(rangeKey === undefined ? [] : [{ AttributeName: rangeKey, KeyType: "RANGE" as const }]),
  ];
}
