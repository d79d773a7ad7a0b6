import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { eventually, type Notes, TestAws } from "./local-aws.ts";

jest.setTimeout(30_000);

let aws: TestAws;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  aws = await TestAws.start();
  dynamodb = new DynamoDBClient(aws.client);
});

afterAll(async () => {
  dynamodb.destroy();
  await aws.stop();
});

interface MappedTable {
  readonly name: string;
  readonly streamArn: string;
  readonly notes: Notes;
  map(): Promise<void>;
}

/** A table with a stream, a function whose body sees `event`, `keys` and `note`, and a mapping that `map` creates. */
async function tableWithStream(name: string, body: string, mapping: object = {}): Promise<MappedTable> {
  const notes = aws.notes(name);
  const { streamArn = "" } = await aws.create("aws:dynamodb/table:Table", name, {
    name,
    billingMode: "PAY_PER_REQUEST",
    hashKey: "PK",
    attributes: [{ name: "PK", type: "S" }],
    streamEnabled: true,
    streamViewType: "NEW_AND_OLD_IMAGES",
  });
  await aws.createFunction(name, {
    code: `${notes.source}
      export const handler = async (event) => {
        const keys = event.Records.map((record) => record.dynamodb.Keys.PK.S);
        ${body}
      };`,
    allow: [
      {
        Action: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        Resource: streamArn,
      },
      { Action: ["s3:PutObject", "sqs:SendMessage"], Resource: "*" },
    ],
  });
  return {
    name,
    streamArn,
    notes,
    async map() {
      await aws.create("aws:lambda/eventSourceMapping:EventSourceMapping", name, {
        eventSourceArn: streamArn,
        functionName: name,
        startingPosition: "TRIM_HORIZON",
        ...mapping,
      });
      await aws.run();
    },
  };
}

async function put(TableName: string, keys: readonly string[], n = 1): Promise<void> {
  for (const PK of keys) {
    await dynamodb.send(new PutItemCommand({ TableName, Item: { PK: { S: PK }, n: { N: String(n) } } }));
  }
}

test("a record shows the change as Lambda does", async () => {
  const table = await tableWithStream("shape", "event.Records.forEach(note);");
  const Item = { PK: { S: "a" }, bytes: { B: Buffer.from([1, 2]) }, list: { L: [{ BOOL: true }] } };
  await dynamodb.send(new PutItemCommand({ TableName: "shape", Item }));
  await dynamodb.send(new DeleteItemCommand({ TableName: "shape", Key: { PK: { S: "a" } } }));
  await table.map();
  const [inserted, removed] = await table.notes.atLeast(2);
  const image = { PK: { S: "a" }, bytes: { B: "AQI=" }, list: { L: [{ BOOL: true }] } };
  expect(inserted).toMatchObject({
    eventID: expect.any(String),
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    eventSourceARN: table.streamArn,
    awsRegion: "us-east-1",
    dynamodb: { Keys: { PK: { S: "a" } }, NewImage: image, StreamViewType: "NEW_AND_OLD_IMAGES" },
  });
  expect(removed).toMatchObject({ eventName: "REMOVE", dynamodb: { OldImage: image } });
  const { dynamodb: change } = inserted as { dynamodb: { ApproximateCreationDateTime: number } };
  expect(Math.abs(change.ApproximateCreationDateTime - Date.now() / 1000)).toBeLessThan(60);
});

test("TRIM_HORIZON reads what was written before the mapping, LATEST only what comes after it", async () => {
  const oldest = await tableWithStream("oldest", "keys.forEach(note);");
  const latest = await tableWithStream("latest", "keys.forEach(note);", { startingPosition: "LATEST" });
  await put("oldest", ["before"]);
  await put("latest", ["before"]);
  await oldest.map();
  await latest.map();
  expect(await oldest.notes.atLeast(1)).toEqual(["before"]);
  await eventually(async () => {
    await put("latest", ["after"], Date.now());
    expect(latest.notes.read()).toContain("after");
  });
  expect(latest.notes.read()).not.toContain("before");
});

test("a filter keeps records from the function", async () => {
  const table = await tableWithStream("filtered", "keys.forEach(note);", {
    filterCriteria: {
      filters: [{ pattern: JSON.stringify({ dynamodb: { Keys: { PK: { S: [{ prefix: "IMAGE#" }] } } } }) }],
    },
  });
  await put("filtered", ["OTHER#1", "IMAGE#1", "OTHER#2", "IMAGE#2"]);
  await table.map();
  expect(await table.notes.atLeast(2)).toEqual(["IMAGE#1", "IMAGE#2"]);
});

test("several filters are alternatives, and the old image distinguishes a new item from a changed one", async () => {
  const before = (rule: object) => ({
    pattern: JSON.stringify({ dynamodb: { OldImage: { TYPE: { S: [rule] } } } }),
  });
  const table = await tableWithStream(
    "typed",
    "for (const record of event.Records) note([record.eventName, record.dynamodb.Keys.PK.S]);",
    {
      filterCriteria: { filters: [before({ exists: false }), before({ "anything-but": ["RUN"] })] },
    },
  );
  const types = { run: "RUN", label: "LABEL", untyped: undefined };
  for (const n of ["1", "2"]) {
    for (const [PK, TYPE] of Object.entries(types)) {
      const Item = { PK: { S: PK }, n: { N: n }, ...(TYPE !== undefined && { TYPE: { S: TYPE } }) };
      await dynamodb.send(new PutItemCommand({ TableName: "typed", Item }));
    }
  }
  for (const PK of Object.keys(types)) {
    await dynamodb.send(new DeleteItemCommand({ TableName: "typed", Key: { PK: { S: PK } } }));
  }
  await table.map();
  expect(await table.notes.atLeast(7)).toEqual([
    ["INSERT", "run"],
    ["INSERT", "label"],
    ["INSERT", "untyped"],
    ["MODIFY", "label"],
    ["MODIFY", "untyped"],
    ["REMOVE", "label"],
    ["REMOVE", "untyped"],
  ]);
});

test("a sixth filter exceeds the default quota and is refused", async () => {
  const filter = { pattern: JSON.stringify({ dynamodb: { Keys: { PK: { S: ["x"] } } } }) };
  const table = await tableWithStream("many-filters", "", {
    filterCriteria: { filters: Array.from({ length: 6 }, () => filter) },
  });
  await expect(table.map()).rejects.toThrow(/filterCriteria\.filters/);
});

test("a mapping accepts AWS's metrics configuration and no other", async () => {
  const counted = await tableWithStream("counted", "keys.forEach(note);", {
    metricsConfig: { metrics: ["EventCount"] },
  });
  await put("counted", ["a"]);
  await counted.map();
  expect(await counted.notes.atLeast(1)).toEqual(["a"]);
  const miscounted = await tableWithStream("miscounted", "", { metricsConfig: { metrics: ["Events"] } });
  await expect(miscounted.map()).rejects.toThrow(/metricsConfig/);
});

test("a partial failure is retried from the lowest sequence number; no record is skipped or overtaken", async () => {
  const table = await tableWithStream(
    "resumed",
    `note(keys);
     const from = event.Records.findIndex((record) => record.dynamodb.Keys.PK.S === "c");
     if (from > 0) return { batchItemFailures: event.Records.slice(from).reverse().map((record) => ({ itemIdentifier: record.dynamodb.SequenceNumber })) };`,
    { functionResponseTypes: ["ReportBatchItemFailures"] },
  );
  await put("resumed", ["a", "b", "c", "d"]);
  await table.map();
  expect(await table.notes.atLeast(2)).toEqual([
    ["a", "b", "c", "d"],
    ["c", "d"],
  ]);
});

const failOnPoison = `keys.forEach(note); if (keys.includes("poison")) throw new Error("cannot");`;

test("F8: a poison record is isolated by bisection and written whole to the bucket; its neighbours succeed", async () => {
  const bucket = await aws.create("aws:s3/bucket:Bucket", "given-up", { bucket: "given-up" });
  const table = await tableWithStream("poisoned", failOnPoison, {
    bisectBatchOnFunctionError: true,
    maximumRetryAttempts: 1,
    destinationConfig: { onFailure: { destinationArn: bucket.arn } },
  });
  await put("poisoned", ["a", "poison", "b", "c"]);
  await table.map();
  const s3 = new S3Client({ ...aws.client, forcePathStyle: true });
  const object = await eventually(async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "given-up" }));
    const [found] = Contents;
    if (found?.Key === undefined) throw new Error("nothing there yet");
    return {
      key: found.Key,
      ...(await s3.send(new GetObjectCommand({ Bucket: "given-up", Key: found.Key }))),
    };
  });
  expect(object.key).toMatch(/^aws\/lambda\/[0-9a-f-]{36}\/[^/]+\/\d{4}\/\d\d\/\d\d\/\S+$/);
  const written = JSON.parse((await object.Body?.transformToString()) ?? "");
  expect(written).toMatchObject({
    requestContext: { condition: "RetryAttemptsExhausted" },
    DDBStreamBatchInfo: { batchSize: 1, streamArn: table.streamArn },
  });
  const { Records } = JSON.parse(written.payload);
  expect(Records.map((record: { dynamodb: { Keys: unknown } }) => record.dynamodb.Keys)).toEqual([
    { PK: { S: "poison" } },
  ]);
  await eventually(() => expect(table.notes.read()).toEqual(expect.arrayContaining(["a", "b", "c"])));
  s3.destroy();
});

test("a queue as destination receives the positions of the records, not their content", async () => {
  const queue = await aws.create("aws:sqs/queue:Queue", "told", { name: "told" });
  const table = await tableWithStream("metadata", failOnPoison, {
    maximumRetryAttempts: 0,
    destinationConfig: { onFailure: { destinationArn: queue.arn } },
  });
  await put("metadata", ["poison", "with it"]);
  await table.map();
  const sqs = new SQSClient(aws.client);
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 15 }),
  );
  sqs.destroy();
  const body = Messages[0]?.Body ?? "{}";
  expect(JSON.parse(body).DDBStreamBatchInfo).toMatchObject({ batchSize: 2, streamArn: table.streamArn });
  expect(body).not.toContain("poison");
});

test("with a parallelization factor items are processed concurrently, and the changes of one item in order", async () => {
  const table = await tableWithStream(
    "parallel",
    "for (const record of event.Records) note([record.dynamodb.Keys.PK.S, Number(record.dynamodb.NewImage.n.N)]);",
    { parallelizationFactor: 3, batchSize: 2 },
  );
  const items = ["a", "b", "c", "d", "e"];
  for (const n of [1, 2, 3, 4]) await put("parallel", items, n);
  await table.map();
  const changes = await table.notes.atLeast<[string, number]>(20);
  for (const item of items) {
    expect(changes.filter(([key]) => key === item).map(([, n]) => n)).toEqual([1, 2, 3, 4]);
  }
});

test("a filter that cannot be evaluated faithfully is refused at creation", async () => {
  const table = await tableWithStream("unclear", "", {
    filterCriteria: { filters: [{ pattern: '{"n":[{"wildcard":"a*"}]}' }] },
  });
  await expect(table.map()).rejects.toThrow(/wildcard/);
});
