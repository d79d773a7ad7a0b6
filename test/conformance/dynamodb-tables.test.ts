import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type ScanCommandInput,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let dynamodb: DynamoDBClient;
let streams: DynamoDBStreamsClient;
let tables = 0;
let TableName: string;

beforeAll(async () => {
  services = await startLocalServices();
  dynamodb = new DynamoDBClient(services.client());
  streams = new DynamoDBStreamsClient(services.client());
});
beforeEach(async () => {
  tables += 1;
  TableName = `table-${tables}`;
  await createTable({});
});
afterAll(async () => {
  dynamodb.destroy();
  streams.destroy();
  await services.stop();
});

function createTable(more: Partial<CreateTableCommandInput>) {
  return dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "PK", KeyType: "HASH" },
        { AttributeName: "SK", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "PK", AttributeType: "S" },
        { AttributeName: "SK", AttributeType: "N" },
      ],
      ...more,
    }),
  );
}

const key = (n: number, pk = "p") => ({ PK: { S: pk }, SK: { N: String(n) } });
const put = (n: number, more: object = {}, pk = "p") =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { ...key(n, pk), ...more } }));
const sortKeys = (items: readonly Record<string, { N?: string }>[] = []) =>
  items.map(({ SK }) => Number(SK?.N));

describe("a condition that used to end the process", () => {
  test("F31: with an absent attribute in IN is false", async () => {
    const update = new UpdateItemCommand({
      TableName,
      Key: key(1),
      UpdateExpression: "SET x = :a",
      ConditionExpression: "gone IN (:a, absent)",
      ExpressionAttributeValues: { ":a": { S: "a" } },
    });
    await expect(dynamodb.send(update)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
    await put(1);
  });
});

describe("a table that is updated", () => {
  const streamSpecification = (enabled: boolean) =>
    dynamodb.send(
      new UpdateTableCommand({
        TableName,
        StreamSpecification: enabled
          ? { StreamEnabled: true, StreamViewType: "NEW_IMAGE" }
          : { StreamEnabled: false },
      }),
    );

  test("gets a stream, which can be read on after it is switched off", async () => {
    await put(1);
    const { TableDescription } = await streamSpecification(true);
    const StreamArn = TableDescription?.LatestStreamArn;
    await expect(streamSpecification(true)).rejects.toMatchObject({
      message: `Table already has an enabled stream: TableName: ${TableName}`,
    });
    await put(2);
    await streamSpecification(false);
    await put(3);
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    expect(StreamDescription?.StreamStatus).toBe("DISABLED");
    const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    expect(Records?.map(({ dynamodb: change }) => change?.Keys?.SK?.N)).toEqual(["2"]);
    expect(NextShardIterator).toBeUndefined();
    await streamSpecification(true);
    const { Streams } = await streams.send(new ListStreamsCommand({ TableName }));
    expect(new Set(Streams?.map((stream) => stream.StreamArn)).size).toBe(2);
  });

  test("shows no shard behind the last one", async () => {
    const { TableDescription } = await streamSpecification(true);
    const StreamArn = TableDescription?.LatestStreamArn;
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    const ExclusiveStartShardId = StreamDescription?.Shards?.[0]?.ShardId;
    const rest = await streams.send(new DescribeStreamCommand({ StreamArn, ExclusiveStartShardId }));
    expect(rest.StreamDescription?.Shards).toEqual([]);
  });

  test("can be deleted once its protection is off", async () => {
    const protect = (DeletionProtectionEnabled: boolean) =>
      dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
    await protect(true);
    const deletion = () => dynamodb.send(new DeleteTableCommand({ TableName }));
    await expect(deletion()).rejects.toThrow(/currently protected against deletion/);
    await protect(false);
    await deletion();
    await expect(dynamodb.send(new DescribeTableCommand({ TableName }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("gets an index over the items that it has", async () => {
    await put(1, { kind: { S: "a" }, x: { S: "1" } });
    await put(2, { kind: { S: "b" } });
    await put(3);
    await dynamodb.send(
      new UpdateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "kind", AttributeType: "S" }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: "by-kind",
              KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }],
              Projection: { ProjectionType: "KEYS_ONLY" },
            },
          },
        ],
      }),
    );
    await put(4, { kind: { S: "a" } });
    const query = () =>
      dynamodb.send(
        new QueryCommand({
          TableName,
          IndexName: "by-kind",
          KeyConditionExpression: "kind = :a",
          ExpressionAttributeValues: { ":a": { S: "a" } },
        }),
      );
    expect((await query()).Items).toEqual([1, 4].map((n) => ({ ...key(n), kind: { S: "a" } })));
    await put(1, { kind: { S: "b" } });
    expect(sortKeys((await query()).Items)).toEqual([4]);
    await expect(put(5, { kind: { N: "1" } })).rejects.toThrow(/Type mismatch for Index Key kind/);
  });

  test("says when its items expire", async () => {
    const ttl = (Enabled: boolean) =>
      dynamodb.send(
        new UpdateTimeToLiveCommand({
          TableName,
          TimeToLiveSpecification: { Enabled, AttributeName: "expires_at" },
        }),
      );
    await ttl(true);
    const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expires_at" });
    await expect(ttl(true)).rejects.toThrow("TimeToLive is already enabled");
  });
});

describe("a scan", () => {
  const scan = (more: Partial<ScanCommandInput> = {}) =>
    dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true, ...more }));

  test("sees each item once, page by page and segment by segment", async () => {
    for (let n = 0; n < 12; n += 1) await put(n % 3, {}, `p${n % 4}-${n % 3}`);
    const found: string[] = [];
    let ExclusiveStartKey: ScanCommandInput["ExclusiveStartKey"];
    do {
      const page = await scan({ Limit: 5, ...(ExclusiveStartKey && { ExclusiveStartKey }) });
      found.push(...(page.Items ?? []).map(({ PK }) => PK?.S ?? ""));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    expect(new Set(found).size).toBe(12);
    expect(found).toHaveLength(12);
    const segments = await Promise.all([0, 1, 2].map((Segment) => scan({ Segment, TotalSegments: 3 })));
    expect(
      segments
        .flatMap(({ Items }) => Items ?? [])
        .map(({ PK }) => PK?.S)
        .sort(),
    ).toEqual(found.sort());
  });

  test("filters by the key too, and a page ends after 1 MB", async () => {
    for (let n = 0; n < 4; n += 1) await put(n, { big: { S: "x".repeat(390_000) } });
    const filtered = await scan({
      FilterExpression: "SK > :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ProjectionExpression: "SK",
    });
    expect(filtered).toMatchObject({ Count: 1, ScannedCount: 3, Items: [{ SK: { N: "2" } }] });
    expect(filtered.LastEvaluatedKey).toEqual(key(2));
    await expect(put(9, { big: { S: "x".repeat(410_000) } })).rejects.toThrow(
      "Item size has exceeded the maximum allowed size",
    );
  });
});

describe("a query", () => {
  const query = (condition: string, values: Record<string, { N: string }>, more: object = {}) =>
    dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: condition,
        ExpressionAttributeValues: { ":p": { S: "p" }, ...values },
        ...more,
      }),
    );
  const n = (value: string) => ({ ":n": { N: value } });

  test("takes the sort keys that its condition names, as numbers and both ways", async () => {
    for (const each of [-10, -9.5, 0, 2, 10, 1e20]) await put(each);
    expect(sortKeys((await query("PK = :p", {})).Items)).toEqual([-10, -9.5, 0, 2, 10, 1e20]);
    expect(sortKeys((await query("PK = :p AND SK < :n", n("0"))).Items)).toEqual([-10, -9.5]);
    expect(sortKeys((await query("SK >= :n AND PK = :p", n("2.0"))).Items)).toEqual([2, 10, 1e20]);
    const between = "PK = :p AND SK BETWEEN :n AND :m";
    const bounds = { ...n("-9.5"), ":m": { N: "10" } };
    expect(sortKeys((await query(between, bounds)).Items)).toEqual([-9.5, 0, 2, 10]);
    const backwards = { ScanIndexForward: false, Limit: 2 };
    const page = await query(between, bounds, backwards);
    expect(sortKeys(page.Items)).toEqual([10, 2]);
    const rest = await query(between, bounds, { ...backwards, ExclusiveStartKey: page.LastEvaluatedKey });
    expect(sortKeys(rest.Items)).toEqual([0, -9.5]);
  });

  test.each([
    ["SK = :n", /Query condition missed key schema element: PK|unused in expressions/],
    ["PK > :p AND SK = :n", /Query key condition not supported/],
    ["PK = :p OR SK = :n", /Invalid operator used in KeyConditionExpression: OR/],
    ["PK = :p AND SK <> :n", /Query key condition not supported/],
    ["PK = :p AND tint = :n", /Query condition missed key schema element: SK/],
    ["PK = :p AND SK = :n AND SK = :n", /must only contain one condition per key/],
    ["PK = :n AND SK = :n", /Condition parameter type does not match schema type|unused in expressions/],
  ])("on anything but its keys is refused: %s", async (condition, message) => {
    await expect(query(condition, n("1"))).rejects.toThrow(message);
  });
});

describe("a transaction", () => {
  const transact = (...TransactItems: NonNullable<TransactWriteItemsCommandInput["TransactItems"]>) =>
    dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
  const absent = { ConditionExpression: "attribute_not_exists(PK)" };

  test("is done whole or not at all, and says which part failed", async () => {
    await put(1, { n: { N: "1" } });
    const failing = transact(
      { Put: { TableName, Item: key(2) } },
      {
        Update: {
          TableName,
          Key: key(1),
          UpdateExpression: "SET n = :two",
          ExpressionAttributeValues: { ":two": { N: "2" } },
          ...absent,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
    );
    await expect(failing).rejects.toMatchObject({
      name: "TransactionCanceledException",
      CancellationReasons: [
        { Code: "None" },
        { Code: "ConditionalCheckFailed", Item: { ...key(1), n: { N: "1" } } },
      ],
    });
    const read = () =>
      dynamodb.send(
        new TransactGetItemsCommand({
          TransactItems: [1, 2].map((each) => ({ Get: { TableName, Key: key(each) } })),
        }),
      );
    expect((await read()).Responses).toEqual([{ Item: { ...key(1), n: { N: "1" } } }, {}]);
    await transact(
      { Put: { TableName, Item: key(2), ...absent } },
      { Delete: { TableName, Key: key(1) } },
      { ConditionCheck: { TableName, Key: key(3), ...absent } },
    );
    expect((await read()).Responses).toEqual([{}, { Item: key(2) }]);
  });

  test("does not take one item twice", async () => {
    await expect(
      transact({ Put: { TableName, Item: key(1) } }, { Delete: { TableName, Key: key(1) } }),
    ).rejects.toThrow("Transaction request cannot include multiple operations on one item");
  });
});
