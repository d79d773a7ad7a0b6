import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type ShardIteratorType,
} from "@aws-sdk/client-dynamodb-streams";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let dynamodb: DynamoDBClient;
let dynamodbStreams: DynamoDBStreamsClient;
let tables = 0;
let TableName: string;

beforeAll(async () => {
  services = await startLocalServices();
  dynamodb = new DynamoDBClient(services.client());
  dynamodbStreams = new DynamoDBStreamsClient(services.client());
});
beforeEach(async () => {
  TableName = `table-${++tables}`;
  await createTable({ StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } });
});
afterAll(async () => {
  dynamodb.destroy();
  dynamodbStreams.destroy();
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
        { AttributeName: "SK", AttributeType: "S" },
      ],
      ...more,
    }),
  );
}

const keyOf = (sk: string) => ({ PK: { S: "p" }, SK: { S: sk } });
const put = (Item: PutItemCommandInput["Item"], more: Partial<PutItemCommandInput> = {}) =>
  dynamodb.send(new PutItemCommand({ TableName, Item, ...more }));
const update = (sk: string, more: Partial<UpdateItemCommandInput>) =>
  dynamodb.send(new UpdateItemCommand({ TableName, Key: keyOf(sk), ...more }));
const remove = (sk: string) => dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(sk) }));
const get = async (sk: string) =>
  (await dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(sk), ConsistentRead: true }))).Item;
const conditionFailed = { name: "ConditionalCheckFailedException" };

describe("a table", () => {
  test("is ACTIVE as soon as it is created, and echoes what it was created with", async () => {
    TableName = "described";
    const { TableDescription } = await createTable({
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      SSESpecification: { Enabled: true },
      DeletionProtectionEnabled: true,
      Tags: [{ Key: "stack", Value: "test" }],
    });
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    for (const table of [TableDescription, Table]) {
      expect(table).toMatchObject({
        TableStatus: "ACTIVE",
        TableArn: "arn:aws:dynamodb:us-east-1:000000000000:table/described",
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
        SSEDescription: { Status: "ENABLED" },
        DeletionProtectionEnabled: true,
      });
      expect(table?.LatestStreamArn).toBe(`${table?.TableArn}/stream/${table?.LatestStreamLabel}`);
    }
    await expect(dynamodb.send(new DeleteTableCommand({ TableName }))).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("that exists cannot be created again, and one that does not cannot be used", async () => {
    await expect(createTable({})).rejects.toMatchObject({ name: "ResourceInUseException" });
    TableName = "nowhere";
    await expect(get("s")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe("a conditional write", () => {
  test("puts only where the condition holds", async () => {
    const ConditionExpression = "attribute_not_exists(PK)";
    await put({ ...keyOf("s"), n: { N: "1" } }, { ConditionExpression });
    await expect(put({ ...keyOf("s"), n: { N: "2" } }, { ConditionExpression })).rejects.toMatchObject(
      conditionFailed,
    );
    expect(await get("s")).toMatchObject({ n: { N: "1" } });
  });

  test("returns the item that failed the condition if ReturnValuesOnConditionCheckFailure is ALL_OLD", async () => {
    await put({ ...keyOf("s"), owner: { S: "other" } });
    const refused = update("s", {
      UpdateExpression: "SET #owner = :me",
      ConditionExpression: "#owner = :me",
      ExpressionAttributeNames: { "#owner": "owner" },
      ExpressionAttributeValues: { ":me": { S: "me" } },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    await expect(refused).rejects.toMatchObject({ ...conditionFailed, Item: { owner: { S: "other" } } });
  });

  test("succeeds for exactly one of many concurrent writers", async () => {
    await put({ ...keyOf("lease"), token: { N: "0" } });
    const takers = Array.from({ length: 10 }, () =>
      update("lease", {
        UpdateExpression: "SET #token = #token + :one",
        ConditionExpression: "#token = :zero",
        ExpressionAttributeNames: { "#token": "token" },
        ExpressionAttributeValues: { ":one": { N: "1" }, ":zero": { N: "0" } },
      }),
    );
    const taken = (await Promise.allSettled(takers)).filter(({ status }) => status === "fulfilled");
    expect(taken).toHaveLength(1);
    expect(await get("lease")).toMatchObject({ token: { N: "1" } });
  });
});

describe("reads and batches", () => {
  test("query a partition in the order of its sort keys, page by page", async () => {
    await Promise.all(["c", "a", "b"].map((sk) => put(keyOf(sk))));
    const query = (more: Partial<QueryCommandInput>) =>
      dynamodb.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: "PK = :p",
          ExpressionAttributeValues: { ":p": { S: "p" } },
          Limit: 2,
          ...more,
        }),
      );
    const first = await query({});
    expect(first.Items?.map((item) => item.SK?.S)).toEqual(["a", "b"]);
    expect(first.LastEvaluatedKey).toEqual(keyOf("b"));
    const second = await query({ ExclusiveStartKey: keyOf("b") });
    expect(second.Items?.map((item) => item.SK?.S)).toEqual(["c"]);
  });

  // The limit bounds what is looked at, not what is found.
  test("apply the limit before the filter", async () => {
    await Promise.all(
      ["a", "b", "c"].map((sk) => put({ ...keyOf(sk), ...(sk === "a" && { gone: { S: "x" } }) })),
    );
    const answer = await dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "PK = :p",
        FilterExpression: "attribute_not_exists(gone)",
        ExpressionAttributeValues: { ":p": { S: "p" } },
        Select: "COUNT",
        Limit: 2,
      }),
    );
    expect(answer).toMatchObject({ Count: 1, ScannedCount: 2, LastEvaluatedKey: keyOf("b") });
    expect(answer.Items).toBeUndefined();
  });

  test("write and read batches of items", async () => {
    const requests = ["a", "b"].map((sk) => ({ PutRequest: { Item: keyOf(sk) } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    const Keys = ["a", "b", "absent"].map(keyOf);
    const { Responses } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }),
    );
    expect(Responses?.[TableName]?.map((item) => item.SK?.S).sort()).toEqual(["a", "b"]);
  });

  test("an operation that the local DynamoDB does not support is refused by name", async () => {
    await expect(
      dynamodb.send(new ExecuteStatementCommand({ Statement: `SELECT * FROM "${TableName}"` })),
    ).rejects.toMatchObject({
      name: "UnknownOperationException",
      message: 'The local DynamoDB does not have the action "ExecuteStatement".',
    });
    await expect(
      dynamodb.send(new ScanCommand({ TableName, AttributesToGet: ["PK"] })),
    ).rejects.toMatchObject({ name: "ValidationException", message: /Use ProjectionExpression/ });
  });
});

describe("a table's stream", () => {
  async function shard() {
    const { Streams } = await dynamodbStreams.send(new ListStreamsCommand({ TableName }));
    const StreamArn = Streams?.[0]?.StreamArn;
    const { StreamDescription } = await dynamodbStreams.send(new DescribeStreamCommand({ StreamArn }));
    return { StreamArn, ShardId: StreamDescription?.Shards?.[0]?.ShardId };
  }

  async function iterator(ShardIteratorType: ShardIteratorType, SequenceNumber?: string) {
    const position = { ...(await shard()), ShardIteratorType, ...(SequenceNumber ? { SequenceNumber } : {}) };
    return (await dynamodbStreams.send(new GetShardIteratorCommand(position))).ShardIterator;
  }

  async function read(ShardIterator: string | undefined, Limit?: number) {
    return dynamodbStreams.send(new GetRecordsCommand({ ShardIterator, ...(Limit ? { Limit } : {}) }));
  }

  const records = async () => (await read(await iterator("TRIM_HORIZON"))).Records ?? [];

  test("holds an insert, a change and a removal with the exact images before and after", async () => {
    await put({ ...keyOf("s"), n: { N: "1" }, gone: { BOOL: true } });
    await update("s", {
      UpdateExpression: "SET n = :two REMOVE gone",
      ExpressionAttributeValues: { ":two": { N: "2" } },
    });
    await remove("s");
    const [one, two] = [
      { ...keyOf("s"), n: { N: "1" }, gone: { BOOL: true } },
      { ...keyOf("s"), n: { N: "2" } },
    ];
    const shared = { eventSource: "aws:dynamodb", awsRegion: "us-east-1", eventVersion: "1.1" };
    expect(await records()).toMatchObject([
      { ...shared, eventName: "INSERT", dynamodb: { Keys: keyOf("s"), NewImage: one } },
      { ...shared, eventName: "MODIFY", dynamodb: { Keys: keyOf("s"), OldImage: one, NewImage: two } },
      { ...shared, eventName: "REMOVE", dynamodb: { Keys: keyOf("s"), OldImage: two } },
    ]);
    const [insert, modify, removal] = await records();
    expect(insert?.dynamodb).not.toHaveProperty("OldImage");
    expect(modify?.dynamodb?.NewImage).toEqual(two);
    expect(removal?.dynamodb).not.toHaveProperty("NewImage");
  });

  // A write that leaves the item as it was makes no record: a consumer does not react to it.
  test("has no record of a write that changed nothing", async () => {
    const item = { ...keyOf("s"), n: { N: "1" }, set: { SS: ["a", "b"] } };
    await put(item);
    await put({ set: { SS: ["b", "a"] }, n: { N: "1.0" }, ...keyOf("s") });
    await update("s", {
      UpdateExpression: "SET n = :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
    });
    await remove("absent");
    await expect(put(item, { ConditionExpression: "attribute_not_exists(PK)" })).rejects.toThrow();
    expect((await records()).map((record) => record.eventName)).toEqual(["INSERT"]);
  });

  test("has a record of every item of a batch", async () => {
    await put(keyOf("old"));
    const requests = [{ PutRequest: { Item: keyOf("new") } }, { DeleteRequest: { Key: keyOf("old") } }];
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    const names = (await records()).map(
      ({ eventName, dynamodb: change }) => `${eventName} ${change?.Keys?.SK?.S}`,
    );
    expect(names[0]).toBe("INSERT old");
    expect(names.slice(1).sort()).toEqual(["INSERT new", "REMOVE old"]);
  });

  test("numbers its records upwards, with ids of their own, in the order of concurrent writes to one item", async () => {
    const increments = Array.from({ length: 20 }, () =>
      update("s", { UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } } }),
    );
    await Promise.all(increments);
    const found = await records();
    expect(found.map((record) => record.dynamodb?.NewImage?.n?.N)).toEqual(
      increments.map((_, n) => String(n + 1)),
    );
    const numbers = found.map((record) => record.dynamodb?.SequenceNumber ?? "");
    expect(numbers).toEqual([...numbers].sort());
    expect(new Set(numbers.map((number) => number.length)).size).toBe(1);
    expect(new Set(found.map((record) => record.eventID)).size).toBe(20);
  });

  test("is read by all four iterator types, and by the next iterator of each response", async () => {
    for (const sk of ["1", "2", "3"]) await put(keyOf(sk));
    const latest = await iterator("LATEST");
    const sortKeys = async (from: string | undefined, limit?: number) =>
      ((await read(from, limit)).Records ?? []).map((record) => record.dynamodb?.Keys?.SK?.S);
    const second = (await records())[1]?.dynamodb?.SequenceNumber;
    expect(await sortKeys(await iterator("AT_SEQUENCE_NUMBER", second))).toEqual(["2", "3"]);
    expect(await sortKeys(await iterator("AFTER_SEQUENCE_NUMBER", second))).toEqual(["3"]);
    expect(await sortKeys(latest)).toEqual([]);
    const page = await read(await iterator("TRIM_HORIZON"), 2);
    expect(await sortKeys(page.NextShardIterator)).toEqual(["3"]);
    await put(keyOf("4"));
    expect(await sortKeys(latest)).toEqual(["4"]);
  });
});
