import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { CountEvents } from "../lambda/function-metrics.ts";
import { queueUrlOfArn } from "../processes/queue-url.ts";
import type { RoleClients } from "../processes/role-clients.ts";
import type { StreamMapping } from "./mapping-definition.ts";
import type { DiscardReason } from "./stream-lane.ts";

/** Records of one shard that a mapping gives up. */
export interface GivenUp {
  readonly shardId: string;
  readonly reason: DiscardReason;
  readonly invocations: number;
  readonly records: readonly {
    readonly record: object;
    readonly sequenceNumber: string;
    readonly createdAt: number;
  }[];
}

/** Delivers records that a mapping abandons. Never rejects. */
export type OnFailure = (givenUp: GivenUp) => Promise<void>;

export interface DestinationContext {
  readonly endpoint: string;
  readonly clients: Pick<RoleClients, "sqs" | "s3">;
  report(problem: string): void;
  readonly count: CountEvents;
}

/** The mapping's on-failure destination: a queue gets metadata only, a bucket the records with it. */
export function onFailureOf(mapping: StreamMapping, context: DestinationContext): OnFailure {
  const { onFailure: destination } = mapping;
  return async (givenUp) => {
    const lost = `${givenUp.records.length} stream records from ${givenUp.records[0]?.sequenceNumber} on were given up (${givenUp.reason})`;
    if (destination === undefined) {
      context.count("DroppedEventCount", givenUp.records.length);
      context.report(`${lost}, and ${mapping.arn} has no on-failure destination.`);
      return;
    }
    try {
      await deliver(destination, mapping, givenUp, context);
      context.count("OnFailureDestinationDeliveredEventCount", givenUp.records.length);
    } catch (error) {
      context.count("DroppedEventCount", givenUp.records.length);
      const reason = error instanceof Error ? error.message : String(error);
      context.report(`${lost}, and could not be written to ${destination}: ${reason}`);
    }
  };
}

async function deliver(
  destination: string,
  mapping: StreamMapping,
  givenUp: GivenUp,
  { endpoint, clients }: DestinationContext,
): Promise<void> {
  const now = new Date();
  const metadata = metadataOf(mapping, givenUp, now);
  if (destination.startsWith("arn:aws:sqs:")) {
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrlOfArn(endpoint, destination),
        MessageBody: JSON.stringify(metadata),
      }),
    );
    return;
  }
  const payload = JSON.stringify({ Records: givenUp.records.map(({ record }) => record) });
  await clients.s3.send(
    new PutObjectCommand({
      Bucket: destination.replace("arn:aws:s3:::", ""),
      Key: objectKey(mapping.uuid, givenUp.shardId, now),
      Body: JSON.stringify({ ...metadata, payload }),
    }),
  );
}

function metadataOf(mapping: StreamMapping, { shardId, reason, invocations, records }: GivenUp, now: Date) {
  const [first, last] = [records[0], records.at(-1)];
  const arrival = (createdAt: number | undefined) => new Date(createdAt ?? 0).toISOString();
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: mapping.functionArn,
      condition: reason,
      approximateInvokeCount: invocations,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: now.toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.sequenceNumber,
      endSequenceNumber: last?.sequenceNumber,
      approximateArrivalOfFirstRecord: arrival(first?.createdAt),
      approximateArrivalOfLastRecord: arrival(last?.createdAt),
      batchSize: records.length,
      streamArn: mapping.eventSourceArn,
    },
  };
}

/** `aws/lambda/{mapping}/{shard}/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-{random}`, which Lambda does not let one choose. */
function objectKey(uuid: string, shardId: string, now: Date): string {
  const day = now.toISOString().slice(0, 10).replaceAll("-", "/");
  const second = now.toISOString().slice(0, 19).replaceAll(":", ".");
  return `aws/lambda/${uuid}/${shardId}/${day}/${second}-${randomUUID()}`;
}
