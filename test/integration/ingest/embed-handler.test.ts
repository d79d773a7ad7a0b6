import { randomUUID } from "node:crypto";
import type { Context, SQSEvent } from "aws-lambda";
import type { FailedDelivery } from "../../../core/queues/consumed-queue.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { Tables } from "../../unit/runs/tables.ts";

let mockStage: Stage;
let mockGiveUpAt = 0;
const mockGivenBack: FailedDelivery[] = [];

jest.mock("../../../functions/embed/deps.ts", () => ({
  embedDeps: () => async (giveUpAt: number) => {
    mockGiveUpAt = giveUpAt;
    const { services } = mockStage;
    const giveBack = async (failed: readonly FailedDelivery[]) => {
      mockGivenBack.push(...failed);
      return failed.map(({ messageId }) => messageId);
    };
    const sendLater = services.embedQueue.sendLater.bind(services.embedQueue);
    return { ...services, embedQueue: { giveBack, sendLater } };
  },
}));

const context = { functionName: "embed", getRemainingTimeInMillis: () => 60_000 } as unknown as Context;
let tables: Tables;

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    RECEIPTS_TABLE: "receipts",
    CONTROL_TABLE: "control",
    DELTAS_BUCKET: "deltas",
    EMBED_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/1/embed",
    EMBED_DEAD_LETTER_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/1/embed-dlq",
    LINES_QUEUE_URLS: "https://sqs.us-east-1.amazonaws.com/1/lines.fifo",
    WORDS_QUEUE_URLS: "https://sqs.us-east-1.amazonaws.com/1/words.fifo",
    EMBEDDING_API_KEY_SECRET: "embedding",
    EMBEDDING_BASE_URL: "https://api.openai.com/v1",
    EMBEDDING_MODEL: "text-embedding-3-small",
    EMBEDDING_DIMENSIONS: "1536",
    EMBEDDING_MAX_INPUTS_PER_REQUEST: "2048",
    EMBEDDING_REQUESTS_PER_MINUTE: "3000",
    EMBEDDING_TOKENS_PER_MINUTE: "1000000",
    MAX_OPEN_RUNS: "1000",
    DEFER_SECONDS: "60",
    POWERTOOLS_DEV: "false",
  });
  tables = await Tables.start();
  mockStage = new Stage(tables);
});
afterAll(() => tables.stop());

function eventOf(bodies: readonly unknown[]): SQSEvent {
  const records = bodies.map((body, index) => ({
    messageId: `id-${index}`,
    receiptHandle: `handle-${index}`,
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: { SentTimestamp: "1700000000000", ApproximateReceiveCount: "2" },
  }));
  return { Records: records } as unknown as SQSEvent;
}

test("the answer names the messages that failed by their messageId, and no other (F14)", async () => {
  const { handler } = await import("../../../functions/embed/handler.ts");
  const good = mockStage.receipt(["CAFE"], randomUUID());
  expect(await handler(eventOf([good, "not JSON", { image_id: 1 }, good]), context)).toEqual({
    batchItemFailures: [{ itemIdentifier: "id-1" }, { itemIdentifier: "id-2" }],
  });
});

test("bad input is reported as permanent with its reason, a transient error is not (F13)", async () => {
  const { handler } = await import("../../../functions/embed/handler.ts");
  mockGivenBack.length = 0;
  mockStage.embedder.failure = new Error("the provider is away");
  const good = mockStage.receipt(["INN"], randomUUID());
  const { batchItemFailures } = await handler(eventOf([good, "not JSON"]), context);
  mockStage.embedder.failure = undefined;
  expect(batchItemFailures).toHaveLength(2);
  expect(mockGivenBack).toMatchObject([
    {
      receiptHandle: "handle-1",
      body: "not JSON",
      sentTimestamp: 1_700_000_000_000,
      receives: 2,
      byInput: true,
      reason: expect.stringContaining("JSON"),
    },
    { receiptHandle: "handle-0", byInput: false, reason: "the provider is away" },
  ]);
});

test("while too many runs are open, a message is deferred and acknowledged, and counted in a metric", async () => {
  const { handler } = await import("../../../functions/embed/handler.ts");
  const imageId = randomUUID();
  mockStage.maxOpenRuns = 0;
  const answer = await handler(eventOf([mockStage.receipt(["PUB"], imageId)]), context);
  mockStage.maxOpenRuns = 1_000;
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(mockStage.sentBack.map(({ body }) => JSON.parse(body))).toMatchObject([
    { image_id: imageId, exported_at: 1_700_000_000_000 },
  ]);
  expect(mockStage.counts).toMatchObject({ MessagesDeferred: 1 });
});

test("an invocation without a failure answers an empty list, and revisions are the queue's times", async () => {
  const { handler } = await import("../../../functions/embed/handler.ts");
  const imageId = randomUUID();
  expect(await handler(eventOf([mockStage.receipt(["BAR"], imageId)]), context)).toEqual({
    batchItemFailures: [],
  });
  expect(await mockStage.runs.current({ imageId, receiptId: 1 })).toMatchObject({
    revision: 1_700_000_000_000,
  });
});

test("embedding has to be over before the invocation is", async () => {
  const { handler } = await import("../../../functions/embed/handler.ts");
  await handler(eventOf([]), context);
  expect(mockGiveUpAt).toBeGreaterThan(Date.now());
  expect(mockGiveUpAt).toBeLessThan(Date.now() + 60_000);
});
