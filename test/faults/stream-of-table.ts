import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { streamEventRecord } from "../../local/mappings/stream-event.ts";
import type { FaultyAws } from "./aws/faulty-aws.ts";

/** What has happened to a table's items, in order. */
export class StreamOfTable {
  readonly #client: DynamoDBStreamsClient;
  readonly #arn: string;
  #iterator: string;

  private constructor(client: DynamoDBStreamsClient, arn: string, iterator: string) {
    this.#client = client;
    this.#arn = arn;
    this.#iterator = iterator;
  }

  static async open(aws: FaultyAws, arn: string): Promise<StreamOfTable> {
    const client = new DynamoDBStreamsClient(aws.client);
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: arn }));
    const { ShardIterator = "" } = await client.send(
      new GetShardIteratorCommand({
        StreamArn: arn,
        ShardId: StreamDescription?.Shards?.[0]?.ShardId,
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    return new StreamOfTable(client, arn, ShardIterator);
  }

  /** The records since the last call, as Lambda delivers them. */
  async next(): Promise<object[]> {
    const all: object[] = [];
    for (;;) {
      const { Records = [], NextShardIterator = "" } = await this.#client.send(
        new GetRecordsCommand({ ShardIterator: this.#iterator }),
      );
      this.#iterator = NextShardIterator;
      if (Records.length === 0) return all;
      all.push(...Records.map((record) => streamEventRecord(record, this.#arn)));
    }
  }
}
