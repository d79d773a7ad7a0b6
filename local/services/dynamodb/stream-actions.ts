import { AwsError } from "../../protocol/service.ts";
import { ChangeStream } from "./change-stream.ts";
import { type Input, integer, type Output } from "./fields.ts";

const pageSize = 100;

/** Finds the stream of an ARN. */
export type Streams = ReadonlyMap<string, ChangeStream>;

/** The actions of DynamoDB Streams, over the streams by ARN. */
export const streamActions: Readonly<Record<string, (streams: Streams, input: Input) => Output>> = {
  ListStreams(streams, input) {
    const { TableName, ExclusiveStartStreamArn: after } = input;
    const ofTable = [...streams.values()].filter(
      (stream) => TableName === undefined || stream.table.name === TableName,
    );
    const first = after === undefined ? 0 : ofTable.findIndex(({ arn }) => arn === after) + 1;
    const page = ofTable.slice(first, first + (integer(input, "Limit", 1) ?? pageSize));
    const last = page.at(-1);
    return {
      Streams: page.map((stream) => ({
        StreamArn: stream.arn,
        TableName: stream.table.name,
        StreamLabel: stream.label,
      })),
      ...(last !== undefined && last !== ofTable.at(-1) ? { LastEvaluatedStreamArn: last.arn } : {}),
    };
  },

  DescribeStream(streams, { StreamArn, ExclusiveStartShardId: after }) {
    const stream = streamOf(streams, StreamArn);
    return {
      StreamDescription: {
        StreamArn: stream.arn,
        StreamLabel: stream.label,
        StreamStatus: stream.ended ? "DISABLED" : "ENABLED",
        StreamViewType: stream.viewType,
        CreationRequestDateTime: stream.createdAt,
        TableName: stream.table.name,
        KeySchema: stream.table.keyNames.map((AttributeName, index) => ({
          AttributeName,
          KeyType: index === 0 ? "HASH" : "RANGE",
        })),
        // Nothing follows the only shard.
        Shards: after === ChangeStream.shardId ? [] : [shardOf(stream)],
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
    const next = from + records.length;
    return {
      Records: records,
      ...(stream.ended && next >= stream.end ? {} : { NextShardIterator: iterator(stream, next) }),
    };
  },
};

function shardOf(stream: ChangeStream): object {
  return {
    ShardId: ChangeStream.shardId,
    SequenceNumberRange: {
      StartingSequenceNumber: stream.sequenceNumberAt(0),
      ...(stream.ended ? { EndingSequenceNumber: stream.sequenceNumberAt(Math.max(0, stream.end - 1)) } : {}),
    },
  };
}

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

/** Parses an iterator into its stream and position; it contains the ARN in plain text. */
export function readIterator(text: unknown): { arn: string; position: number } {
  const [arn, at] = String(text).split("|");
  if (arn !== undefined && at !== undefined && /^\d+$/.test(at)) return { arn, position: Number(at) };
  throw new AwsError(400, "ValidationException", "Invalid ShardIterator in request");
}
