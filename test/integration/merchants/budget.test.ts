import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { silentLog } from "../../../core/log.ts";
import { PlacesBudget } from "../../../core/merchants/places/places-budget.ts";
import { resolveDeliveries } from "../../../core/merchants/resolve/resolve-deliveries.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { ConsumedQueue } from "../../../core/queues/consumed-queue.ts";
import { type LocalServices, startLocalServices } from "../../conformance/local-services.ts";
import { MerchantRig } from "./merchant-rig.ts";
import { anchor } from "./one-place.ts";

jest.setTimeout(60_000);

/** Those of the queue that a stack has. */
const maxReceiveCount = 50;
const day = 24 * 3_600_000;
const today = Date.parse("2026-03-05T06:00:00Z");

let rig: MerchantRig;
let services: LocalServices;
let sqs: SQSClient;
let urls: { queue: string; dlq: string };

beforeAll(async () => {
  [rig, services] = await Promise.all([MerchantRig.start(), startLocalServices()]);
  sqs = new SQSClient(services.client());
  const dlq = await created("resolve-merchant-dead-letters");
  const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:resolve-merchant-dead-letters";
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  urls = { dlq, queue: await created("resolve-merchant", { RedrivePolicy }) };
});
afterAll(async () => {
  sqs.destroy();
  await services.stop();
  await rig.stop();
});

async function created(QueueName: string, Attributes = {}): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function received(QueueUrl: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"] }),
  );
  return Messages;
}

/** A client for which delays of new messages pass at once. */
function hastySqs(): SQSClient {
  const client = new SQSClient(services.client());
  client.middlewareStack.add(
    (next) => (args) => {
      const { Entries = [] } = args.input as { Entries?: { DelaySeconds?: number }[] };
      for (const entry of Entries) if ("DelaySeconds" in entry) entry.DelaySeconds = 0;
      return next(args);
    },
    { step: "initialize" },
  );
  return client;
}

test("F52: a receipt that waits for the budget more often than its queue receives is not given up, and is resolved once there is a budget", async () => {
  const { receipt, bytes, message } = await rig.published();
  const counted: string[] = [];
  const metrics = { ...silentMetrics, count: (name: string) => void counted.push(name) };
  const hasty = hastySqs();
  const queue = new ConsumedQueue(hasty, urls, silentLog);
  /** Receives what is in the queue, as Lambda does, and lets the time of its deferral pass. */
  const delivered = async (time: number) => {
    const { client, controlTable } = rig.tables;
    const { places, ...deps } = rig.deps(bytes, { metrics }, { time });
    const budget = new PlacesBudget({ client, controlTable, usdPerDay: 1, usdPerPlace: 1, now: () => time });
    if (counted.length === 0) await budget.book();
    const [one, ...others] = await received(urls.queue);
    expect(others).toEqual([]);
    const { MessageId = "", ReceiptHandle = "", Body = "", Attributes = {} } = one ?? {};
    const again = await resolveDeliveries(
      [
        {
          messageId: MessageId,
          receiptHandle: ReceiptHandle,
          body: Body,
          sentTimestamp: Number(Attributes.SentTimestamp),
          receives: Number(Attributes.ApproximateReceiveCount),
        },
      ],
      { ...deps, places: places && { ...places, budget }, queue, log: silentLog },
    );
    const its = { QueueUrl: urls.queue, ReceiptHandle };
    await (again.includes(MessageId)
      ? sqs.send(new ChangeMessageVisibilityCommand({ ...its, VisibilityTimeout: 0 }))
      : sqs.send(new DeleteMessageCommand(its)));
  };

  await sqs.send(new SendMessageCommand({ QueueUrl: urls.queue, MessageBody: JSON.stringify(message) }));
  const deliveries = 2 * maxReceiveCount + 1;
  for (let delivery = 0; delivery < deliveries; delivery += 1) await delivered(today);
  expect(counted.filter((name) => name === "PlacesBudgetSpent")).toHaveLength(deliveries);
  await delivered(today + day);
  hasty.destroy();
  const Key = { PK: `IMAGE#${receipt.imageId}`, SK: "RECEIPT#00001#METADATA" };
  const { Item } = await rig.tables.client.send(new GetCommand({ TableName: rig.tables.sourceTable, Key }));
  expect(Item).toMatchObject({ merchant_name: anchor.name });
  expect(await received(urls.queue)).toEqual([]);
  expect(await received(urls.dlq)).toEqual([]);
});
