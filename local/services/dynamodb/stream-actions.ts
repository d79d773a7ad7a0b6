import { AwsError } from "../../endpoint/service.ts";
import { ChangeStream } from "./change-stream.ts";
import type { Input } from "./tables.ts";

type Output = Record<string, unknown>;

/** Finds the stream of an ARN. */
export type Streams = ReadonlyMap<string, ChangeStream>;

/** The actions of DynamoDB Streams, over the streams by ARN. */
export const streamActions: Readonly<Record<string, (streams: Streams, input: Input) => Output>> = {
  ListStreams: (streams, { TableName }) => ({
    Streams: [...streams.values()]
      .filter((stream) => TableName === undefined || stream.table.name === TableName)
      .map((stream) => ({ StreamArn: stream.arn, TableName: stream.table.name, StreamLabel: stream.label })),
  }),

  DescribeStream(streams, { StreamArn }) {
    const stream = streamOf(streams, StreamArn);
    return {
      StreamDescription: {
        StreamArn: stream.arn,
        StreamLabel: stream.label,
        StreamStatus: "ENABLED",
        StreamViewType: stream.viewType,
        CreationRequestDateTime: stream.createdAt,
        TableName: stream.table.name,
        KeySchema: stream.table.keyNames.map((AttributeName, index) => ({
          AttributeName,
          KeyType: index === 0 ? "HASH" : "RANGE",
        })),
        Shards: [
          {
            ShardId: ChangeStream.shardId,
            SequenceNumberRange: { StartingSequenceNumber: stream.sequenceNumberAt(0) },
          },
        ],
      },
    };
  },

  GetShardIterator(streams, { StreamArn, ShardId, ShardIteratorType, SequenceNumber }) {
    const stream = streamOf(streams, StreamArn);
    if (ShardId !== ChangeStream.shardId) {
      throw new AwsError(400, "ResourceNotFoundException", `Requested resource not found: Shard: ${ShardId}`);
    }
    return { ShardIterator: iterator(stream, position(stream, ShardIteratorType, SequenceNumber)) };
  },

  GetRecords(streams, { ShardIterator, Limit }) {
    const { arn, position: from } = readIterator(ShardIterator);
    const stream = streamOf(streams, arn);
    const records = stream.read(from, Limit === undefined ? undefined : Number(Limit));
    return { Records: records, NextShardIterator: iterator(stream, from + records.length) };
  },
};

function streamOf(streams: Streams, arn: unknown): ChangeStream {
  const stream = streams.get(String(arn));
  if (stream !== undefined) return stream;
  throw new AwsError(
    400,
    "ResourceNotFoundException",
    `Requested resource not found: Stream: ${arn} not found`,
  );
}

function position(stream: ChangeStream, type: unknown, sequenceNumber: unknown): number {
  switch (type) {
    case "TRIM_HORIZON":
      return stream.start;
    case "LATEST":
      return stream.end;
    case "AT_SEQUENCE_NUMBER":
      return stream.positionOf(String(sequenceNumber));
    case "AFTER_SEQUENCE_NUMBER":
      return stream.positionOf(String(sequenceNumber)) + 1;
    default:
      throw new AwsError(400, "ValidationException", `Unknown ShardIteratorType: ${type}`);
  }
}

function iterator(stream: ChangeStream, at: number): string {
  return `${stream.arn}|${at}`;
}

/** The stream that an iterator points into; the ARN stands in it readably. */
export function readIterator(text: unknown): { arn: string; position: number } {
  const [arn, at] = String(text).split("|");
  if (arn !== undefined && at !== undefined && /^\d+$/.test(at)) return { arn, position: Number(at) };
  throw new AwsError(400, "ValidationException", "Invalid ShardIterator in request");
}
