import { CreateTableCommand, type StreamViewType } from "@aws-sdk/client-dynamodb";
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
        KeySchema: [
          { AttributeName: wanted.hashKey, KeyType: "HASH" },
          ...(wanted.rangeKey === undefined
            ? []
            : [{ AttributeName: wanted.rangeKey, KeyType: "RANGE" as const }]),
        ],
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
    const { TableArn, LatestStreamArn, LatestStreamLabel } = TableDescription ?? {};
    return {
      id: TableName,
      outputs: { name: TableName, arn: TableArn, streamArn: LatestStreamArn, streamLabel: LatestStreamLabel },
    };
  },
};
