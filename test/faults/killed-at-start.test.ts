import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { visibilitySeconds } from "../../infra/components/queue-with-dlq.ts";
import { TestAws } from "../conformance/local-aws.ts";

jest.setTimeout(120_000);

let aws: TestAws;
let sqs: SQSClient;

beforeAll(async () => {
  aws = await TestAws.start();
  sqs = new SQSClient(aws.client);
});
afterAll(async () => {
  sqs.destroy();
  await aws.stop();
});

test("F39: a process killed before its first call blocks its message group for the queue's visibility, and loses nothing", async () => {
  const timeout = 2;
  const notes = aws.notes("early");
  const { url = "", arn = "" } = await aws.create("aws:sqs/queue:Queue", "early", {
    name: "early.fifo",
    fifoQueue: true,
    visibilityTimeoutSeconds: visibilitySeconds({ consumerTimeoutSeconds: timeout, windowSeconds: 0 }),
  });
  await aws.createFunction("early", {
    // The first process dies as it is loaded, with its batch in hand; it can neither extend nor return anything.
    code: `import { existsSync, writeFileSync } from "node:fs";
      ${notes.source}
      const marker = ${JSON.stringify(`${aws.folder}/died`)};
      if (!existsSync(marker)) {
        writeFileSync(marker, "");
        process.kill(process.pid, "SIGKILL");
      }
      export const handler = async (event) => {
        for (const { body, attributes } of event.Records) {
          note({ body, receives: Number(attributes.ApproximateReceiveCount) });
        }
      };`,
    allow: [{ Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource: arn }],
    inputs: { timeout },
  });
  await aws.create("aws:lambda/eventSourceMapping:EventSourceMapping", "early", {
    eventSourceArn: arn,
    functionName: "early",
  });
  await aws.run();
  for (const body of ["first", "second"]) {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: body,
        MessageGroupId: "group",
        MessageDeduplicationId: body,
      }),
    );
  }
  const delivered = (await notes.atLeast(2).catch(() => notes.atLeast(2))) as {
    body: string;
    receives: number;
  }[];
  expect(delivered.map(({ body }) => body)).toEqual(["first", "second"]);
  expect(delivered[0]?.receives).toBe(2);
});
