import { networkInterfaces } from "node:os";
import { CloudWatchLogsClient, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient, ListStreamsCommand } from "@aws-sdk/client-dynamodb-streams";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { PortInUseError, startEndpoint } from "../../local/endpoint/endpoint.ts";
import { Iam } from "../../local/iam/iam.ts";
import { type LocalServices, startLocalServices } from "./local-services.ts";

const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;
const worker = {
  name: "worker",
  accessKeyId: "worker",
  policies: [
    {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sqs:SendMessage", Resource: arn("sqs", "allowed") },
        { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::bucket/deltas/*" },
        {
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::bucket",
          Condition: { StringLike: { "s3:prefix": "deltas/*" } },
        },
        { Effect: "Allow", Action: "dynamodb:*Item", Resource: arn("dynamodb", "table/allowed") },
        { Effect: "Deny", Action: "dynamodb:DeleteItem", Resource: "*" },
        { Effect: "Allow", Action: "logs:PutLogEvents", Resource: `${arn("logs", "log-group:/allowed")}:*` },
        {
          Effect: "Allow",
          Action: "secretsmanager:GetSecretValue",
          Resource: `${arn("secretsmanager", "secret:allowed")}-*`,
        },
      ],
    },
  ],
};

let services: LocalServices;
beforeAll(async () => {
  services = await startLocalServices([worker]);
});
afterAll(() => services.stop());

const denied = (action: string, resource: string) => ({
  message: `User: arn:aws:sts::000000000000:assumed-role/worker/local is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
});

describe("a role", () => {
  test("sends to the queue that its policy names and to no other, one by one or in a batch", async () => {
    const administrator = new SQSClient(services.client());
    const sqs = new SQSClient(services.client("worker"));
    const url = (name: string) => `${services.url}/000000000000/${name}`;
    for (const QueueName of ["allowed", "other"])
      await administrator.send(new CreateQueueCommand({ QueueName }));
    await sqs.send(new SendMessageCommand({ QueueUrl: url("allowed"), MessageBody: "x" }));
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: url("other"), MessageBody: "x" })),
    ).rejects.toMatchObject({
      // The code of the query protocol, which SDKs show where the service says it.
      name: "AccessDenied",
      ...denied("sqs:SendMessage", arn("sqs", "other")),
    });
    const Entries = [{ Id: "1", MessageBody: "x" }];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url("allowed"), Entries }));
    await expect(
      sqs.send(new SendMessageBatchCommand({ QueueUrl: url("other"), Entries })),
    ).rejects.toMatchObject(denied("sqs:SendMessage", arn("sqs", "other")));
    administrator.destroy();
    sqs.destroy();
  });

  test("writes and lists only under its prefix", async () => {
    const administrator = new S3Client(services.client());
    const s3 = new S3Client(services.client("worker"));
    await administrator.send(new CreateBucketCommand({ Bucket: "bucket" }));
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "deltas/1", Body: "x" }));
    await expect(
      s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "other/1", Body: "x" })),
    ).rejects.toMatchObject({
      name: "AccessDenied",
      ...denied("s3:PutObject", "arn:aws:s3:::bucket/other/1"),
      $metadata: { httpStatusCode: 403 },
    });
    expect((await s3.send(new ListObjectsV2Command({ Bucket: "bucket", Prefix: "deltas/" }))).KeyCount).toBe(
      1,
    );
    await expect(s3.send(new ListObjectsV2Command({ Bucket: "bucket" }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
    administrator.destroy();
    s3.destroy();
  });

  test("uses the table and the actions that it may, also inside a batch", async () => {
    const administrator = new DynamoDBClient(services.client());
    const dynamodb = new DynamoDBClient(services.client("worker"));
    const Key = { PK: { S: "p" } };
    await administrator.send(
      new CreateTableCommand({
        TableName: "allowed",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
      }),
    );
    await dynamodb.send(new PutItemCommand({ TableName: "allowed", Item: Key }));
    await expect(dynamodb.send(new GetItemCommand({ TableName: "other", Key }))).rejects.toMatchObject({
      name: "AccessDeniedException",
      ...denied("dynamodb:GetItem", arn("dynamodb", "table/other")),
    });
    const query = { TableName: "allowed", IndexName: "by-state", KeyConditionExpression: "PK = :p" };
    await expect(
      dynamodb.send(new QueryCommand({ ...query, ExpressionAttributeValues: { ":p": { S: "p" } } })),
    ).rejects.toMatchObject(denied("dynamodb:Query", arn("dynamodb", "table/allowed/index/by-state")));
    const RequestItems = { allowed: { Keys: [Key] }, other: { Keys: [Key] } };
    await expect(dynamodb.send(new BatchGetItemCommand({ RequestItems }))).rejects.toMatchObject(
      denied("dynamodb:BatchGetItem", arn("dynamodb", "table/other")),
    );
    const streams = new DynamoDBStreamsClient(services.client("worker"));
    await expect(streams.send(new ListStreamsCommand({ TableName: "allowed" }))).rejects.toMatchObject(
      denied("dynamodb:ListStreams", arn("dynamodb", "table/allowed/stream/*")),
    );
    for (const client of [administrator, dynamodb, streams]) client.destroy();
  });

  test("learns that a log stream or secret is missing only where it has permission", async () => {
    const logs = new CloudWatchLogsClient(services.client("worker"));
    const write = (logGroupName: string) =>
      logs.send(
        new PutLogEventsCommand({
          logGroupName,
          logStreamName: "s",
          logEvents: [{ timestamp: 1, message: "x" }],
        }),
      );
    await expect(write("/allowed")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(write("/other")).rejects.toMatchObject(
      denied("logs:PutLogEvents", arn("logs", "log-group:/other:log-stream:s")),
    );
    const secrets = new SecretsManagerClient(services.client("worker"));
    const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }));
    await expect(read("other")).rejects.toMatchObject(
      denied("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:other")),
    );
    logs.destroy();
    secrets.destroy();
  });
});

describe("a caller", () => {
  test("with an unknown access key is refused", async () => {
    const sqs = new SQSClient(services.client("stranger"));
    await expect(sqs.send(new CreateQueueCommand({ QueueName: "x" }))).rejects.toMatchObject({
      name: "UnrecognizedClientException",
      message: expect.stringContaining("stranger"),
    });
    sqs.destroy();
  });

  test("without a signature is refused", async () => {
    const answer = await fetch(`${services.url}/bucket/key`);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ __type: "MissingAuthenticationToken" });
  });

  test("may sign in the query, as presigned URLs do, and ask who it is", async () => {
    const credential = "X-Amz-Credential=worker%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
    const answer = await fetch(`${services.url}/?X-Amz-Algorithm=AWS4-HMAC-SHA256&${credential}`, {
      method: "POST",
      body: new URLSearchParams({ Action: "GetCallerIdentity", Version: "2011-06-15" }),
    });
    expect(await answer.text()).toContain("<Arn>arn:aws:sts::000000000000:assumed-role/worker/local</Arn>");
  });

  test("for an unknown service is refused with the list of known ones", async () => {
    const lambda = new LambdaClient(services.client());
    await expect(lambda.send(new ListFunctionsCommand({}))).rejects.toThrow(
      /The local AWS has no service "lambda"\. It has: dynamodb, .*logs, .*s3, .*sqs, sts\./,
    );
    lambda.destroy();
  });

  test("for an unknown action of a service is refused by name", async () => {
    const answer = await fetch(services.url, {
      method: "POST",
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0",
        "x-amz-target": "Logs_20140328.StartQuery",
      },
      body: "{}",
    });
    expect(await answer.json()).toMatchObject({
      __type: "UnknownOperationException",
      message: 'The local CloudWatch Logs does not have the action "StartQuery".',
    });
  });
});

describe("the endpoint", () => {
  test("names a port that is taken and says what to do", async () => {
    const iam = new Iam();
    const first = await startEndpoint({ port: 0, services: [], iam });
    await expect(startEndpoint({ port: first.port, services: [], iam })).rejects.toThrow(PortInUseError);
    await expect(startEndpoint({ port: first.port, services: [], iam })).rejects.toThrow(
      new RegExp(`Port ${first.port} .* Stop that process`),
    );
    await first.close();
    const second = await startEndpoint({ port: first.port, services: [], iam });
    await second.close();
  });

  test("listens on the loopback address and on no other", async () => {
    const { port } = new URL(services.url);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => address.family === "IPv4" && address.address !== "127.0.0.1")
      .map((address) => address.address);
    for (const host of [...others, "127.0.0.2"]) {
      await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow("fetch failed");
    }
  });
});
