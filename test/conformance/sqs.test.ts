import { setTimeout as delay } from "node:timers/promises";
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  type Message,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let sqs: SQSClient;
let queues = 0;

beforeAll(async () => {
  services = await startLocalServices();
  sqs = new SQSClient(services.client());
});
afterAll(async () => {
  sqs.destroy();
  await services.stop();
});

async function newQueue(Attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
  const QueueName = `queue-${++queues}${Attributes.FifoQueue === "true" ? ".fifo" : ""}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? "";
}

async function attributes(QueueUrl: string): Promise<Partial<Record<QueueAttributeName, string>>> {
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  return answer.Attributes ?? {};
}

async function receive(
  QueueUrl: string,
  options: Partial<ReceiveMessageCommandInput> = {},
): Promise<Message[]> {
  const answer = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...options }));
  return answer.Messages ?? [];
}

const bodies = (messages: Message[]) => messages.map((message) => message.Body);
const send = (QueueUrl: string, MessageBody: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
const sendInGroup = (QueueUrl: string, MessageGroupId: string, MessageBody: string, id = MessageBody) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId: id }));
const fifo = { FifoQueue: "true" } as const;

describe("a standard queue", () => {
  // SDKs follow the host of the queue URL, so it must resolve wherever the stack runs.
  test("has a URL on the endpoint's own address, found again by name and in the list", async () => {
    const url = await newQueue();
    expect(url).toBe(`${services.url}/000000000000/queue-${queues}`);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: `queue-${queues}` }))).QueueUrl).toBe(url);
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "queue-" }))).QueueUrls).toContain(url);
  });

  test("refuses calls on a queue that does not exist with QueueDoesNotExist", async () => {
    const missing = `${services.url}/000000000000/nowhere`;
    await expect(send(missing, "x")).rejects.toMatchObject({ name: "QueueDoesNotExist" });
    await expect(receive(missing)).rejects.toMatchObject({ name: "QueueDoesNotExist" });
  });

  // Message attributes and system attributes come only if the receiver names them.
  test("gives attributes of a message only to a receiver that asks for them", async () => {
    const QueueUrl = await newQueue({ VisibilityTimeout: "0" });
    const MessageAttributes = { source: { DataType: "String", StringValue: "test" } };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "body", MessageAttributes }));
    const [bare] = await receive(QueueUrl);
    expect(bare).not.toHaveProperty("MessageAttributes");
    expect(bare).not.toHaveProperty("Attributes");
    const [full] = await receive(QueueUrl, {
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
    });
    expect(full?.MessageAttributes).toEqual(MessageAttributes);
    expect(full?.Attributes).toMatchObject({ ApproximateReceiveCount: "2" });
  });

  test("accepts characters outside the basic plane and refuses control characters", async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, "receipt 🧾");
    expect(bodies(await receive(QueueUrl))).toEqual(["receipt 🧾"]);
    await expect(send(QueueUrl, "\u0000")).rejects.toMatchObject({ name: "InvalidMessageContents" });
  });

  test("holds messages of up to 1 MiB, attributes included", async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, "x".repeat(1_048_576));
    await expect(send(QueueUrl, "x".repeat(1_048_577))).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });

  test("counts waiting, delayed and received messages, and counts them back when visibility runs out", async () => {
    const QueueUrl = await newQueue({ VisibilityTimeout: "1" });
    await send(QueueUrl, "waiting");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "delayed", DelaySeconds: 900 }));
    expect(await attributes(QueueUrl)).toMatchObject({
      ApproximateNumberOfMessages: "1",
      ApproximateNumberOfMessagesDelayed: "1",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
    await receive(QueueUrl);
    expect(await attributes(QueueUrl)).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "1",
    });
    await delay(1_050);
    expect(await attributes(QueueUrl)).toMatchObject({
      ApproximateNumberOfMessages: "1",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });

  test("hides a received message, shows it again at visibility 0, and forgets it once deleted", async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, "once");
    const [first] = await receive(QueueUrl);
    expect(await receive(QueueUrl)).toEqual([]);
    const ReceiptHandle = first?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const [again] = await receive(QueueUrl);
    expect(again?.MessageId).toBe(first?.MessageId);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
    expect(await attributes(QueueUrl)).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });

  test("allows a visibility timeout of 0 to 43,200 seconds", async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, "x");
    const [message] = await receive(QueueUrl);
    const change = (VisibilityTimeout: number) =>
      sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout,
        }),
      );
    await change(43_200);
    await expect(change(43_201)).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await expect(newQueue({ VisibilityTimeout: "43201" })).rejects.toMatchObject({
      name: "InvalidAttributeValue",
    });
  });

  test("answers a long poll as soon as a message arrives", async () => {
    const QueueUrl = await newQueue();
    const started = performance.now();
    const polled = receive(QueueUrl, { WaitTimeSeconds: 20 });
    await delay(100);
    await send(QueueUrl, "late");
    expect(bodies(await polled)).toEqual(["late"]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  // A process that is killed in a long poll must not take a message with it.
  test("keeps a message for others when the long poller has hung up", async () => {
    const QueueUrl = await newQueue();
    const hangUp = new AbortController();
    const polled = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: hangUp.signal,
    });
    await delay(100);
    hangUp.abort();
    await expect(polled).rejects.toThrow();
    // The server notices it on that connection, and receives the next message on another.
    await delay(500);
    await send(QueueUrl, "for the living");
    const [message] = await receive(QueueUrl, {
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    expect(message).toMatchObject({ Body: "for the living", Attributes: { ApproximateReceiveCount: "1" } });
  });

  test("purges what it holds", async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, "gone");
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await receive(QueueUrl)).toEqual([]);
  });
});

describe("a batch of sends", () => {
  // A batch that succeeds as a whole may hold entries that failed: they are named one by one.
  test("reports the entry that failed and sends the others", async () => {
    const QueueUrl = await newQueue();
    const answer = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "good", MessageBody: "good" },
          { Id: "bad", MessageBody: "\u0001" },
        ],
      }),
    );
    expect(answer.Successful).toMatchObject([{ Id: "good" }]);
    expect(answer.Failed).toMatchObject([{ Id: "bad", SenderFault: true, Code: "InvalidMessageContents" }]);
    expect(bodies(await receive(QueueUrl))).toEqual(["good"]);
  });

  test("is refused whole above 10 entries, above 1 MiB, or with equal ids", async () => {
    const QueueUrl = await newQueue();
    const batch = (...MessageBodies: string[]) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: MessageBodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      );
    await expect(batch(..."elevenmessy".split(""))).rejects.toMatchObject({
      name: "TooManyEntriesInBatchRequest",
    });
    await expect(batch("x".repeat(600_000), "y".repeat(600_000))).rejects.toMatchObject({
      name: "BatchRequestTooLong",
    });
    const Entries = [
      { Id: "same", MessageBody: "1" },
      { Id: "same", MessageBody: "2" },
    ];
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({
      name: "BatchEntryIdsNotDistinct",
    });
    expect(await receive(QueueUrl)).toEqual([]);
  });
});

describe("a receipt handle", () => {
  const remove = (QueueUrl: string, ReceiptHandle: string | undefined) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const hide = (QueueUrl: string, ReceiptHandle: string | undefined) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 30 }));
  const returned = async (url: string): Promise<string | undefined> => {
    const [message] = await receive(url, { VisibilityTimeout: 1 });
    await delay(1_100);
    return message?.ReceiptHandle;
  };

  test("deletes late from a standard queue, unless the message was received again", async () => {
    const url = await newQueue();
    await send(url, "once");
    const late = await returned(url);
    await remove(url, late);
    expect(await receive(url)).toEqual([]);
    await send(url, "twice");
    const first = await returned(url);
    const [second] = await receive(url, { VisibilityTimeout: 1 });
    await remove(url, first);
    await delay(1_100);
    expect(bodies(await receive(url))).toEqual(["twice"]);
    await remove(url, second?.ReceiptHandle);
  });

  test("that has expired is refused by a FIFO queue", async () => {
    const url = await newQueue(fifo);
    await sendInGroup(url, "g", "a");
    const late = await returned(url);
    const refusal = {
      name: "InvalidParameterValue",
      message: `Value ${late} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    };
    await expect(remove(url, late)).rejects.toMatchObject(refusal);
    await expect(hide(url, late)).rejects.toMatchObject(refusal);
    expect(bodies(await receive(url))).toEqual(["a"]);
  });

  test("hides a message no more that is visible again, nor one that is deleted", async () => {
    const url = await newQueue();
    await send(url, "a");
    const late = await returned(url);
    await expect(hide(url, late)).rejects.toMatchObject({ name: "MessageNotInflight" });
    const [again] = await receive(url);
    await remove(url, again?.ReceiptHandle);
    await remove(url, again?.ReceiptHandle);
    await expect(hide(url, again?.ReceiptHandle)).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: /Reason: Message does not exist or is not available for visibility timeout change/,
    });
    await expect(remove(url, "nonsense")).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
  });

  test("is judged for itself in a batch", async () => {
    const url = await newQueue();
    await send(url, "a");
    const [message] = await receive(url);
    const { Successful, Failed } = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "good", ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 },
          { Id: "unknown", ReceiptHandle: "4c2b8f0e-0000-4000-8000-000000000000", VisibilityTimeout: 0 },
          { Id: "nonsense", ReceiptHandle: "x", VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(Successful).toEqual([{ Id: "good" }]);
    expect(Failed).toMatchObject([
      { Id: "unknown", Code: "InvalidParameterValue", SenderFault: true },
      { Id: "nonsense", Code: "ReceiptHandleIsInvalid", SenderFault: true },
    ]);
    expect(bodies(await receive(url))).toEqual(["a"]);
  });
});

describe("what AWS refuses", () => {
  test.each([
    ["DeleteMessageBatch", { Entries: [] }, "EmptyBatchRequest"],
    [
      "ChangeMessageVisibilityBatch",
      { Entries: Array.from({ length: 11 }, (_, n) => ({ Id: String(n) })) },
      "TooManyEntriesInBatchRequest",
    ],
    ["DeleteMessageBatch", { Entries: [{ Id: "a" }, { Id: "a" }] }, "BatchEntryIdsNotDistinct"],
    ["SendMessageBatch", { Entries: [{ MessageBody: "x" }] }, "InvalidBatchEntryId"],
    ["SendMessage", {}, "MissingParameter"],
    ["SendMessage", { MessageBody: "x", DelaySeconds: 901 }, "InvalidParameterValue"],
    ["ReceiveMessage", { MaxNumberOfMessages: 11 }, "InvalidParameterValue"],
  ])("is refused with the code of both wires: %s %j", async (action, input, code) => {
    const QueueUrl = await newQueue();
    const answer = await fetch(services.url, {
      method: "POST",
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `AmazonSQS.${action}`,
      },
      body: JSON.stringify({ QueueUrl, ...input }),
    });
    expect(answer.status).toBe(400);
    expect((await answer.json()) as object).toMatchObject({ __type: `com.amazonaws.sqs#${code}` });
    const older = code.includes("Batch") ? `AWS.SimpleQueueService.${code}` : code;
    expect(answer.headers.get("x-amzn-query-error")).toBe(`${older};Sender`);
  });

  test("is listed where it is an entry of a batch, and the others are sent", async () => {
    const QueueUrl = await newQueue();
    const { Successful, Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "good", MessageBody: "x" },
          { Id: "late", MessageBody: "x", DelaySeconds: 1_000 },
          { Id: "empty", MessageBody: "" },
        ],
      }),
    );
    expect(Successful).toMatchObject([{ Id: "good" }]);
    expect(Failed).toMatchObject([
      { Id: "late", Code: "InvalidParameterValue" },
      { Id: "empty", Code: "MissingParameter" },
    ]);
  });
});

describe("a dead-letter queue", () => {
  const redrive = (deadLetterTargetArn: string | undefined, maxReceiveCount: number) => ({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
  });

  test("takes a message over after maxReceiveCount receives, id, body and time of sending unchanged", async () => {
    const deadLetters = await newQueue();
    const { QueueArn } = await attributes(deadLetters);
    const QueueUrl = await newQueue({ VisibilityTimeout: "0", ...redrive(QueueArn, 2) });
    const { MessageId } = await send(QueueUrl, "poison");
    const timed: Partial<ReceiveMessageCommandInput> = { MessageSystemAttributeNames: ["SentTimestamp"] };
    expect(bodies(await receive(QueueUrl))).toEqual(["poison"]);
    const [{ Attributes } = {}] = await receive(QueueUrl, timed);
    expect(await receive(QueueUrl)).toEqual([]);
    expect(await receive(deadLetters, timed)).toMatchObject([{ MessageId, Body: "poison", Attributes }]);
    const sources = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }));
    expect(sources.queueUrls).toEqual([QueueUrl]);
  });

  test("must exist and be of its source's type", async () => {
    const standard = await attributes(await newQueue());
    await expect(newQueue(redrive("arn:aws:sqs:us-east-1:000000000000:nowhere", 1))).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    await expect(newQueue({ ...fifo, ...redrive(standard.QueueArn, 1) })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });
});

describe("a FIFO queue", () => {
  test("wants a group and a deduplication id", async () => {
    const QueueUrl = await newQueue(fifo);
    await expect(send(QueueUrl, "x")).rejects.toMatchObject({ name: "MissingParameter" });
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", MessageGroupId: "g" })),
    ).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  // The second send succeeds and answers the first message's id.
  test("takes equal deduplication ids for one message, whatever the bodies and even after its deletion", async () => {
    const QueueUrl = await newQueue(fifo);
    const first = await sendInGroup(QueueUrl, "g", "one", "id");
    const [message] = await receive(QueueUrl);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    const second = await sendInGroup(QueueUrl, "g", "two", "id");
    expect(second.MessageId).toBe(first.MessageId);
    expect(await receive(QueueUrl)).toEqual([]);
  });

  test("gives several messages of one group in one receive, in order, beside those of other groups", async () => {
    const QueueUrl = await newQueue(fifo);
    for (const body of ["a1", "a2", "b1", "a3"]) await sendInGroup(QueueUrl, body.charAt(0), body);
    const received = bodies(await receive(QueueUrl));
    expect(received.filter((body) => body?.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(received).toContain("b1");
  });

  test("holds a group back while one of its messages is in flight, and no other group", async () => {
    const QueueUrl = await newQueue(fifo);
    for (const body of ["a1", "a2", "b1"]) await sendInGroup(QueueUrl, body.charAt(0), body);
    const [a1] = await receive(QueueUrl, { MaxNumberOfMessages: 1 });
    expect(a1?.Body).toBe("a1");
    expect(bodies(await receive(QueueUrl))).toEqual(["b1"]);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: a1?.ReceiptHandle }));
    expect(bodies(await receive(QueueUrl))).toEqual(["a2"]);
  });

  test("gives returned messages again in their first order", async () => {
    const QueueUrl = await newQueue(fifo);
    for (const body of ["1", "2", "3"]) await sendInGroup(QueueUrl, "g", body);
    const messages = await receive(QueueUrl);
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    expect(bodies(await receive(QueueUrl))).toEqual(["1", "2", "3"]);
  });

  test("moves a poison message to its FIFO dead-letter queue and continues with the group", async () => {
    const deadLetters = await newQueue(fifo);
    const { QueueArn } = await attributes(deadLetters);
    const QueueUrl = await newQueue({
      ...fifo,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 1 }),
    });
    await sendInGroup(QueueUrl, "g", "poison");
    await sendInGroup(QueueUrl, "g", "next");
    const [poison] = await receive(QueueUrl, { MaxNumberOfMessages: 1 });
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl,
        ReceiptHandle: poison?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(bodies(await receive(QueueUrl))).toEqual(["next"]);
    expect(bodies(await receive(deadLetters))).toEqual(["poison"]);
  });
});

// The wire of older clients, AWS CLI 2.9 among them.
describe("the query protocol", () => {
  const query = async (fields: Record<string, string>) => {
    const answer = await fetch(services.url, {
      method: "POST",
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: new URLSearchParams({ Version: "2012-11-05", ...fields }),
    });
    return { status: answer.status, xml: await answer.text() };
  };

  test("sends and receives attributes and markup unharmed", async () => {
    const QueueUrl = await newQueue();
    await query({
      Action: "SendMessage",
      QueueUrl,
      MessageBody: "<a> & b",
      "MessageAttribute.1.Name": "source",
      "MessageAttribute.1.Value.DataType": "String",
      "MessageAttribute.1.Value.StringValue": "cli",
    });
    const { xml } = await query({
      Action: "ReceiveMessage",
      QueueUrl,
      MaxNumberOfMessages: "10",
      "MessageAttributeName.1": "All",
    });
    expect(xml).toContain("<Body>&lt;a&gt; &amp; b</Body>");
    expect(xml).toContain("<MessageAttribute><Name>source</Name><Value>");
  });

  test("answers errors as XML with the older codes", async () => {
    const { status, xml } = await query({ Action: "GetQueueUrl", QueueName: "nowhere" });
    expect(status).toBe(400);
    expect(xml).toContain("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>");
  });
});
