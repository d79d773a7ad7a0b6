import { setTimeout as delay } from "node:timers/promises";
import {
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { eventually, type Notes, TestAws } from "./local-aws.ts";

jest.setTimeout(30_000);

interface Delivery {
  readonly bodies: string[];
  readonly at: number;
  readonly sentAt: number;
}

interface MappedQueue {
  readonly url: string;
  readonly arn: string;
  readonly uuid: string;
  readonly notes: Notes;
}

let aws: TestAws;
let sqs: SQSClient;
let lambda: LambdaClient;

beforeAll(async () => {
  aws = await TestAws.start();
  sqs = new SQSClient(aws.client);
  lambda = new LambdaClient(aws.client);
});

afterAll(async () => {
  sqs.destroy();
  lambda.destroy();
  await aws.stop();
});

/** A queue, a function whose body sees `event`, `bodies` and `note`, and a mapping between them. */
async function mapQueue(
  name: string,
  body: string,
  { queue = {}, mapping = {}, fn = {}, mayPoll = true } = {},
): Promise<MappedQueue> {
  const fifo = "fifoQueue" in queue;
  const notes = aws.notes(name);
  const { url = "", arn = "" } = await aws.create("aws:sqs/queue:Queue", name, {
    name: fifo ? `${name}.fifo` : name,
    visibilityTimeoutSeconds: 2,
    ...queue,
  });
  await aws.createFunction(name, {
    code: `${notes.source}
      export const handler = async (event) => {
        const bodies = event.Records.map((record) => record.body);
        ${body}
      };`,
    allow: mayPoll
      ? [{ Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource: arn }]
      : [],
    inputs: { timeout: 2, ...fn },
  });
  const { uuid = "" } = await aws.create("aws:lambda/eventSourceMapping:EventSourceMapping", name, {
    eventSourceArn: arn,
    functionName: name,
    ...mapping,
  });
  await aws.run();
  return { url, arn, uuid, notes };
}

const noteDelivery =
  "note({ bodies, at: Date.now(), sentAt: Number(event.Records[0].attributes.SentTimestamp) });";
const partial = { functionResponseTypes: ["ReportBatchItemFailures"] };

async function send(url: string, bodies: readonly string[], groupOf?: (body: string) => string) {
  await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: url,
      Entries: bodies.map((MessageBody, index) => ({
        Id: String(index),
        MessageBody,
        ...(groupOf && { MessageGroupId: groupOf(MessageBody), MessageDeduplicationId: MessageBody }),
      })),
    }),
  );
}

async function expectEmpty(url: string): Promise<void> {
  await eventually(async () => {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });
}

test("a record has the message as Lambda shows it, and is deleted when the function succeeds", async () => {
  const { url, arn, notes } = await mapQueue("shape", "note(event.Records[0]);");
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: "hello",
      MessageAttributes: { kind: { DataType: "String", StringValue: "greeting" } },
    }),
  );
  const [record] = await notes.atLeast(1);
  expect(record).toMatchObject({
    body: "hello",
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: expect.stringMatching(/^\d{13}$/) },
    messageAttributes: { kind: { stringValue: "greeting", dataType: "String" } },
    md5OfBody: "5d41402abc4b2a76b9719d911017c592",
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: "us-east-1",
  });
  await expectEmpty(url);
});

test("a window gathers messages up to the batch size", async () => {
  const { url, notes } = await mapQueue("window", noteDelivery, {
    queue: { visibilityTimeoutSeconds: 20 },
    mapping: { batchSize: 10, maximumBatchingWindowInSeconds: 2 },
  });
  for (const body of ["1", "2", "3"]) await send(url, [body]);
  const [delivery] = await notes.atLeast<Delivery>(1);
  expect(delivery?.bodies.sort()).toEqual(["1", "2", "3"]);
});

test("F14: only the messages that the response names are redelivered", async () => {
  const { url, notes } = await mapQueue(
    "partial",
    `${noteDelivery}
     const bad = event.Records.filter((record) => record.body === "bad" && record.attributes.ApproximateReceiveCount === "1");
     return { batchItemFailures: bad.map((record) => ({ itemIdentifier: record.messageId })) };`,
    { queue: { visibilityTimeoutSeconds: 4 }, mapping: { ...partial, maximumBatchingWindowInSeconds: 1 } },
  );
  await send(url, ["good", "bad", "fine"]);
  const deliveries = await notes.atLeast<Delivery>(2);
  expect(deliveries[0]?.bodies).toHaveLength(3);
  expect(deliveries[1]?.bodies).toEqual(["bad"]);
  await expectEmpty(url);
  expect(notes.read()).toHaveLength(2);
});

test("a malformed answer brings the whole batch back", async () => {
  const { url, notes } = await mapQueue(
    "malformed",
    `${noteDelivery}
     const first = event.Records[0].attributes.ApproximateReceiveCount === "1";
     return first ? { batchItemFailures: [{ itemIdentifier: "no such message" }] } : {};`,
    { queue: { visibilityTimeoutSeconds: 4 }, mapping: { ...partial, maximumBatchingWindowInSeconds: 1 } },
  );
  await send(url, ["a", "b"]);
  const deliveries = await notes.atLeast<Delivery>(2);
  expect(deliveries.flatMap(({ bodies }) => bodies).sort()).toEqual(["a", "a", "b", "b"]);
});

test("without ReportBatchItemFailures the answer says nothing", async () => {
  const { url, notes } = await mapQueue(
    "unasked",
    `${noteDelivery} return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };`,
  );
  await send(url, ["once"]);
  await notes.atLeast(1);
  await expectEmpty(url);
});

test("a message whose function fails is redelivered after the visibility timeout, and ends in the dead-letter queue", async () => {
  const deadLetters = await aws.create("aws:sqs/queue:Queue", "dead", { name: "dead" });
  const { url, notes } = await mapQueue("failing", `${noteDelivery} throw new Error("bad day");`, {
    queue: { redrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 }) },
  });
  await send(url, ["doomed"]);
  const [, second] = await notes.atLeast<Delivery>(2);
  expect((second?.at ?? 0) - (second?.sentAt ?? 0)).toBeGreaterThanOrEqual(2000);
  await eventually(async () => {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLetters.url, AttributeNames: ["All"] }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe("1");
  });
  expect(notes.read()).toHaveLength(2);
});

test("messages of one FIFO group come one batch after the other and in order, those of another group beside them", async () => {
  const { url, notes } = await mapQueue(
    "fifo",
    `note({ bodies, at: Date.now() }); await new Promise((resolve) => setTimeout(resolve, 400)); note({ bodies: [], done: bodies, at: Date.now() });`,
    { queue: { fifoQueue: true }, mapping: { batchSize: 1, scalingConfig: { maximumConcurrency: 2 } } },
  );
  await send(url, ["a1", "b1", "a2", "b2", "a3"], (body) => body.charAt(0));
  const events = await notes.atLeast<Delivery & { done?: string[] }>(10);
  const begun = events.flatMap(({ bodies }) => bodies);
  expect(begun.filter((body) => body.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  expect(begun.filter((body) => body.startsWith("b"))).toEqual(["b1", "b2"]);
  const indexOf = (body: string) => events.findIndex(({ bodies }) => bodies.includes(body));
  const doneIndexOf = (body: string) => events.findIndex(({ done }) => done?.includes(body));
  expect(doneIndexOf("a1")).toBeLessThan(indexOf("a2"));
  expect(doneIndexOf("a2")).toBeLessThan(indexOf("a3"));
  expect(indexOf("b1")).toBeLessThan(doneIndexOf("a1"));
});

test("no more functions run at once than the mapping's maximum concurrency", async () => {
  const { url, notes } = await mapQueue(
    "bounded",
    `note(1); await new Promise((resolve) => setTimeout(resolve, 300)); note(-1);`,
    { mapping: { batchSize: 1, scalingConfig: { maximumConcurrency: 2 } } },
  );
  await send(url, ["1", "2", "3", "4", "5", "6"]);
  const changes = await notes.atLeast<number>(12);
  let running = 0;
  const most = Math.max(...changes.map((change) => (running += change)));
  expect(most).toBe(2);
});

test("F13: a message that meets a throttled function is delivered once there is room, without another receive", async () => {
  const { url, notes } = await mapQueue(
    "throttled",
    `note(event.Records[0].attributes.ApproximateReceiveCount); await new Promise((resolve) => setTimeout(resolve, event.wait ?? 0));`,
    { queue: { visibilityTimeoutSeconds: 20 }, fn: { reservedConcurrentExecutions: 1, timeout: 5 } },
  );
  const blocker = lambda.send(
    new InvokeCommand({
      FunctionName: "throttled",
      Payload: Buffer.from(
        JSON.stringify({ wait: 1500, Records: [{ body: "", attributes: { ApproximateReceiveCount: "0" } }] }),
      ),
    }),
  );
  await notes.atLeast(1);
  await send(url, ["waits"]);
  expect(await notes.atLeast<string>(2)).toEqual(["0", "1"]);
  await blocker;
});

test("a disabled mapping delivers nothing until it is enabled", async () => {
  const { url, uuid, notes } = await mapQueue("switched", noteDelivery, { mapping: { enabled: false } });
  await send(url, ["later"]);
  await expect(lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))).resolves.toMatchObject({
    State: "Disabled",
  });
  await delay(500);
  expect(notes.read()).toEqual([]);
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: true }));
  const [delivery] = await notes.atLeast<Delivery>(1);
  expect(delivery?.bodies).toEqual(["later"]);
});

test("a role that may not poll is refused: the mapping and the stack report it", async () => {
  const { url, uuid } = await mapQueue("refused", noteDelivery, { mayPoll: false });
  await send(url, ["stays"]);
  await eventually(async () => {
    const { LastProcessingResult } = await lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
    expect(LastProcessingResult).toMatch(/^PROBLEM: .*not authorized to perform: sqs:/);
  });
  expect((await aws.problems()).join()).toMatch(/The mapping from arn:aws:sqs:\S*:refused cannot poll/);
});

test.each([
  [
    "a visibility timeout below the function's",
    {},
    { visibilityTimeoutSeconds: 1 },
    /visibility timeout: 1 seconds is less/,
  ],
  [
    "a window on a FIFO queue",
    { maximumBatchingWindowInSeconds: 1 },
    { fifoQueue: true },
    /not supported for FIFO/,
  ],
  ["a FIFO batch of more than ten", { batchSize: 11 }, { fifoQueue: true }, /FIFO queues is 10/],
  ["a large batch without a window", { batchSize: 11 }, {}, /greater than 0 if maximum batch size/],
  ["a maximum concurrency of one", { scalingConfig: { maximumConcurrency: 1 } }, {}, /maximumConcurrency/],
])("is refused at creation with %s", async (what, mapping, queue, problem) => {
  const name = what.replace(/\W+/g, "-");
  await expect(mapQueue(name, "", { mapping, queue })).rejects.toThrow(problem);
});
