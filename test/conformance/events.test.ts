import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { eventually, TestAws } from "./local-aws.ts";

let aws: TestAws;
let events: EventBridgeClient;
let sqs: SQSClient;
let s3: S3Client;

beforeAll(async () => {
  aws = await TestAws.start();
  events = new EventBridgeClient(aws.client);
  sqs = new SQSClient(aws.client);
  s3 = new S3Client({ ...aws.client, forcePathStyle: true });
});
afterAll(async () => {
  for (const client of [events, sqs, s3]) client.destroy();
  await aws.stop();
});

type Queue = Record<string, string>;

const allow = (queue: Queue, sourceArn: string) => ({
  Effect: "Allow",
  Principal: { Service: "events.amazonaws.com" },
  Action: "sqs:SendMessage",
  Resource: queue.arn,
  Condition: { ArnEquals: { "aws:SourceArn": sourceArn } },
});
const notOverTls = (queue: Queue) => ({
  Effect: "Deny",
  Principal: "*",
  Action: "sqs:*",
  Resource: queue.arn,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});

async function allowRule(queue: Queue, name: string, ...statements: object[]) {
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  await aws.create("aws:sqs/queuePolicy:QueuePolicy", name, { queueUrl: queue.url, policy });
}

/** A rule whose events go to a queue, and those that cannot to another; both let it. */
async function createRoute(name: string, eventPattern: object) {
  const queue = await aws.create("aws:sqs/queue:Queue", name, { name });
  const dead = await aws.create("aws:sqs/queue:Queue", `${name}-dead`, { name: `${name}-dead` });
  const rule = await aws.create("aws:cloudwatch/eventRule:EventRule", name, {
    name,
    eventPattern: JSON.stringify(eventPattern),
  });
  const ruleArn = rule.arn ?? "";
  await allowRule(queue, name, notOverTls(queue), allow(queue, ruleArn));
  await allowRule(dead, `${name}-dead`, notOverTls(dead), allow(dead, ruleArn));
  await aws.create("aws:cloudwatch/eventTarget:EventTarget", name, {
    rule: rule.name,
    arn: queue.arn,
    deadLetterConfig: { arn: dead.arn },
    retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 60 },
  });
  return { queue, dead, ruleArn };
}

async function receive(queue: Queue, count = 1): Promise<Message[]> {
  const received: Message[] = [];
  await eventually(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ["All"],
      }),
    );
    received.push(...Messages);
    if (received.length < count) throw new Error(`${received.length} of ${count} messages`);
  });
  return received;
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => JSON.parse(Body ?? ""));
const put = (...Entries: PutEventsRequestEntry[]) => events.send(new PutEventsCommand({ Entries }));
const entry = (Source: string, DetailType: string, detail: object): PutEventsRequestEntry => ({
  Source,
  DetailType,
  Detail: JSON.stringify(detail),
});

describe("an event", () => {
  test("goes to the queues of the rules that it matches, as it is", async () => {
    const { queue } = await createRoute("processed", {
      source: ["collections.imageprocessor"],
      "detail-type": ["ImageProcessed"],
    });
    const { Entries, FailedEntryCount } = await put(
      entry("collections.other", "ImageProcessed", {}),
      entry("collections.imageprocessor", "ImageProcessed", { item_id: "a", tags: ["ü"] }),
    );
    expect(FailedEntryCount).toBe(0);
    const [event] = bodies(await receive(queue));
    expect(event).toEqual({
      version: "0",
      id: Entries?.[1]?.EventId,
      "detail-type": "ImageProcessed",
      source: "collections.imageprocessor",
      account: "000000000000",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: "us-east-1",
      resources: [],
      detail: { item_id: "a", tags: ["ü"] },
    });
  });

  test("that is refused is counted, and the others of its call are accepted", async () => {
    const { queue } = await createRoute("partly", { source: ["partly"] });
    const answer = await put(
      { Source: "partly", DetailType: "Broken", Detail: "{" },
      { Source: "partly", DetailType: "List", Detail: "[]" },
      { Source: "aws.s3", DetailType: "Forged", Detail: "{}" },
      { DetailType: "Nameless", Detail: "{}" },
      { Source: "partly", DetailType: "Elsewhere", Detail: "{}", EventBusName: "none" },
      entry("partly", "Sound", {}),
    );
    expect(answer.FailedEntryCount).toBe(5);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      "MalformedDetail",
      "MalformedDetail",
      "NotAuthorizedForSourceException",
      "InvalidArgument",
      "ResourceNotFoundException",
      undefined,
    ]);
    expect(bodies(await receive(queue))).toMatchObject([{ "detail-type": "Sound" }]);
  });

  test("needs permission by its bus and source", async () => {
    const policy = (statement: object) =>
      JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
    const role = await aws.create("aws:iam/role:Role", "publisher", {
      assumeRolePolicy: policy({
        Action: "sts:AssumeRole",
        Principal: { Service: "lambda.amazonaws.com" },
      }),
    });
    await aws.create("aws:iam/rolePolicy:RolePolicy", "publisher", {
      role: role.id,
      policy: policy({
        Action: "events:PutEvents",
        Resource: "arn:aws:events:us-east-1:000000000000:event-bus/default",
        Condition: { StringEquals: { "events:source": "collections.analyzer" } },
      }),
    });
    const key = `local-${role.id}`;
    const client = new EventBridgeClient({
      ...aws.client,
      credentials: { accessKeyId: key, secretAccessKey: key },
    });
    const send = (source: string) =>
      client.send(new PutEventsCommand({ Entries: [entry(source, "AnalysisComplete", {})] }));
    await expect(send("collections.analyzer")).resolves.toMatchObject({ FailedEntryCount: 0 });
    await expect(send("collections.other")).rejects.toMatchObject({ name: "AccessDeniedException" });
    client.destroy();
  });

  test("invokes a function that lets the rule do so", async () => {
    const notes = aws.notes("events");
    const target = await aws.createFunction("listener", {
      code: `${notes.source}export const handler = async (event) => note(event.detail);`,
    });
    const rule = await aws.create("aws:cloudwatch/eventRule:EventRule", "listened", {
      name: "listened",
      eventPattern: '{"source":["listened"]}',
    });
    await aws.create("aws:lambda/permission:Permission", "listened", {
      action: "lambda:InvokeFunction",
      function: "listener",
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    });
    await aws.create("aws:cloudwatch/eventTarget:EventTarget", "listened", {
      rule: "listened",
      arn: target.arn,
    });
    await put(entry("listened", "Heard", { at: 1 }));
    expect(await notes.atLeast(1)).toEqual([{ at: 1 }]);
  });
});

describe("an event that cannot be delivered", () => {
  test("is in the dead-letter queue with the reason, where the queue does not let the rule send", async () => {
    const { queue, dead, ruleArn } = await createRoute("refused", { source: ["refused"] });
    await allowRule(queue, "refused", allow(queue, `${ruleArn}-of-another`));
    await put(entry("refused", "Lost", { at: 1 }));
    const [letter] = await receive(dead);
    expect(JSON.parse(letter?.Body ?? "")).toMatchObject({ "detail-type": "Lost", detail: { at: 1 } });
    const attributes = Object.fromEntries(
      Object.entries(letter?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
    );
    expect(attributes).toMatchObject({
      RULE_ARN: ruleArn,
      TARGET_ARN: queue.arn,
      ERROR_CODE: "NO_PERMISSIONS",
      ERROR_MESSAGE: expect.stringContaining(queue.arn ?? ""),
    });
  });

  test("is in the dead-letter queue where its queue does not exist", async () => {
    const { dead } = await createRoute("gone", { source: ["gone"] });
    const Arn = "arn:aws:sqs:us-east-1:000000000000:none";
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "gone" }));
    const id = Targets?.[0]?.Id;
    const DeadLetterConfig = { Arn: dead.arn };
    await events.send(new PutTargetsCommand({ Rule: "gone", Targets: [{ Id: id, Arn, DeadLetterConfig }] }));
    await put(entry("gone", "Lost", {}));
    const [letter] = await receive(dead);
    expect(letter?.MessageAttributes?.ERROR_CODE?.StringValue).toBe("NO_RESOURCE");
  });

  test("is reported as lost, where the dead-letter queue refuses it too", async () => {
    const { queue, dead } = await createRoute("doomed", { source: ["doomed"] });
    for (const { url } of [queue, dead]) {
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: "" } }));
    }
    await put(entry("doomed", "Lost", {}));
    await eventually(async () => {
      expect(await aws.problems()).toContainEqual(expect.stringMatching(/rule doomed .* was lost/));
    });
  });
});

describe("a rule", () => {
  test("is not created with a pattern that cannot be evaluated", async () => {
    const rule = { Name: "odd", EventPattern: '{"detail":{"ip":[{"cidr":"10.0.0.0/8"}]}}' };
    await expect(events.send(new PutRuleCommand(rule))).rejects.toMatchObject({
      name: "InvalidEventPatternException",
    });
    await expect(events.send(new DescribeRuleCommand({ Name: "odd" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("that is disabled matches nothing and keeps its targets", async () => {
    const { queue } = await createRoute("paused", { source: ["paused"] });
    const pattern = '{"source":["paused"]}';
    await events.send(new PutRuleCommand({ Name: "paused", EventPattern: pattern, State: "DISABLED" }));
    await put(entry("paused", "Missed", {}));
    await events.send(new PutRuleCommand({ Name: "paused", EventPattern: pattern, State: "ENABLED" }));
    await put(entry("paused", "Seen", {}));
    expect(bodies(await receive(queue))).toMatchObject([{ "detail-type": "Seen" }]);
  });
});

describe("a bucket that notifies EventBridge", () => {
  const suffixes = [".jpg", ".png"].map((suffix) => ({ suffix: { "equals-ignore-case": suffix } }));

  async function createBucket(name: string) {
    await aws.create("aws:s3/bucket:Bucket", name, { bucket: name });
    await aws.create("aws:s3/bucketNotification:BucketNotification", name, {
      bucket: name,
      eventbridge: true,
    });
    return createRoute(name, {
      source: ["aws.s3"],
      "detail-type": ["Object Created", "Object Deleted"],
      detail: { bucket: { name: [name] }, object: { key: suffixes } },
    });
  }

  test("sends what is written and deleted under the keys that a rule wants, in its order by sequencer", async () => {
    const { queue } = await createBucket("uploads");
    const object = (Key: string) => ({ Bucket: "uploads", Key });
    const key = "alice/my image+ü.JPG";
    await s3.send(new PutObjectCommand({ ...object(key), Body: "first" }));
    await s3.send(new PutObjectCommand({ ...object("alice/notes.txt"), Body: "no image" }));
    await s3.send(new PutObjectCommand({ ...object(key), Body: "second one" }));
    await s3.send(new DeleteObjectCommand(object(key)));
    await s3.send(new DeleteObjectCommand(object("alice/never.jpg")));
    const received = bodies(await receive(queue, 3));
    const padded = ({ detail }: { detail: { object: { sequencer: string } } }) =>
      detail.object.sequencer.padEnd(64, "0");
    received.sort((a, b) => (padded(a) < padded(b) ? -1 : 1));
    expect(received).toMatchObject([
      {
        "detail-type": "Object Created",
        source: "aws.s3",
        resources: ["arn:aws:s3:::uploads"],
        detail: {
          bucket: { name: "uploads" },
          object: { key, size: 5, etag: "8b04d5e3775d298e78455efc5ca404d5" },
        },
      },
      { "detail-type": "Object Created", detail: { object: { key, size: 10 } } },
      { "detail-type": "Object Deleted", detail: { object: { key }, reason: "DeleteObject" } },
    ]);
    expect(new Set(received.map(padded)).size).toBe(3);
  });

  test("sends copies, completed uploads and batches of deletions too", async () => {
    const { queue } = await createBucket("ways");
    const object = (Key: string) => ({ Bucket: "ways", Key });
    await s3.send(new PutObjectCommand({ ...object("a.jpg"), Body: "a" }));
    await s3.send(new CopyObjectCommand({ ...object("b.jpg"), CopySource: "ways/a.jpg" }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object("c.png")));
    const part = { ...object("c.png"), UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "c" }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...object("c.png"), UploadId, MultipartUpload }));
    const Objects = ["a.jpg", "b.jpg"].map((Key) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket: "ways", Delete: { Objects } }));
    const seen = bodies(await receive(queue, 5)).map(
      (event) => `${event["detail-type"]} ${event.detail.object.key}`,
    );
    expect(seen.sort()).toEqual([
      "Object Created a.jpg",
      "Object Created b.jpg",
      "Object Created c.png",
      "Object Deleted a.jpg",
      "Object Deleted b.jpg",
    ]);
  });

  test("has that in its configuration, and no other destination", async () => {
    await aws.create("aws:s3/bucket:Bucket", "quiet", { bucket: "quiet" });
    const read = () => s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: "quiet" }));
    const write = (NotificationConfiguration: object) =>
      s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: "quiet", NotificationConfiguration }));
    expect((await read()).EventBridgeConfiguration).toBeUndefined();
    await write({ EventBridgeConfiguration: {} });
    expect((await read()).EventBridgeConfiguration).toBeDefined();
    await write({});
    expect((await read()).EventBridgeConfiguration).toBeUndefined();
    const QueueConfigurations = [{ QueueArn: "arn:aws:sqs:::q", Events: ["s3:ObjectCreated:*"] }];
    await expect(write({ QueueConfigurations })).rejects.toMatchObject({ name: "NotImplemented" });
  });
});
