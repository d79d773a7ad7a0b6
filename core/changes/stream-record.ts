import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod";

const attributes = z.record(
  z.string(),
  z.custom<AttributeValue>((value) => typeof value === "object" && value !== null, "not a typed attribute"),
);

const keys = z.object({ PK: z.object({ S: z.string() }), SK: z.object({ S: z.string() }) });

/** The item key of a stream record. Also parses records that are otherwise invalid. */
export const streamRecordKeys = z.object({ dynamodb: z.object({ Keys: keys }) });

/** A record of the receipts table's stream, as Lambda delivers it: items in DynamoDB's typed JSON. */
export const streamRecord = z.object({
  eventID: z.string().min(1),
  eventName: z.enum(["INSERT", "MODIFY", "REMOVE"]),
  awsRegion: z.string().min(1),
  dynamodb: z.object({
    Keys: keys,
    NewImage: attributes.optional(),
    OldImage: attributes.optional(),
    SequenceNumber: z.string().min(1),
    /** Seconds since the epoch. */
    ApproximateCreationDateTime: z.number(),
  }),
});

export type StreamRecord = z.infer<typeof streamRecord>;

/** The record's time as an ISO string. */
export function recordTime(record: StreamRecord): string {
  return new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString();
}
