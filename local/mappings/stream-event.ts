import type { AttributeValue, _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";

/** A stream record as a record of Lambda's DynamoDB event: bytes are base64, times are epoch seconds. */
export function streamEventRecord(record: StreamRecord, streamArn: string): object {
  const { dynamodb = {}, userIdentity, ...rest } = record;
  const { ApproximateCreationDateTime: createdAt, Keys, NewImage, OldImage, ...change } = dynamodb;
  return {
    ...rest,
    ...(userIdentity === undefined ? {} : { userIdentity }),
    dynamodb: {
      ...change,
      ...(createdAt === undefined ? {} : { ApproximateCreationDateTime: createdAt.getTime() / 1000 }),
      ...(Keys === undefined ? {} : { Keys: wireItem(Keys) }),
      ...(NewImage === undefined ? {} : { NewImage: wireItem(NewImage) }),
      ...(OldImage === undefined ? {} : { OldImage: wireItem(OldImage) }),
    },
    eventSourceARN: streamArn,
  };
}

function wireItem(item: Record<string, AttributeValue>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, wireValue(value)]));
}

function wireValue(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  if (value.L !== undefined) return { L: value.L.map(wireValue) };
  if (value.M !== undefined) return { M: wireItem(value.M) };
  return value;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
