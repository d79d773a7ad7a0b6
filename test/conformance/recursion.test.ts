import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { hopsOf, maxHops, nextHop } from "../../local/lambda/trace-header.ts";
import { eventually, TestAws } from "./local-aws.ts";

jest.setTimeout(60_000);

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

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

/** The header of a message that came through the function so often. */
function traceAfter(hops: number, functionArn: string): string | undefined {
  let trace: string | undefined;
  for (let hop = 0; hop < hops; hop += 1) trace = nextHop([trace], functionArn);
  return trace;
}

/** A function that notes what it gets and the header that its requests carry, behind a queue without dead letters. */
async function mapped(name: string, allows: boolean) {
  const notes = aws.notes(name);
  const { url = "", arn = "" } = await aws.create("aws:sqs/queue:Queue", name, {
    name,
    visibilityTimeoutSeconds: 2,
  });
  await aws.createFunction(name, {
    code: `${notes.source}
      export const handler = async (event) => note({ bodies: event.Records.map((record) => record.body), trace: process.env._X_AMZN_TRACE_ID });`,
    allow: [{ Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource: arn }],
    inputs: { timeout: 2 },
  });
  if (allows) {
    const inputs = { functionName: name, recursiveLoop: "Allow" };
    await aws.create("aws:lambda/functionRecursionConfig:FunctionRecursionConfig", name, inputs);
  }
  await aws.create("aws:lambda/eventSourceMapping:EventSourceMapping", name, {
    eventSourceArn: arn,
    functionName: name,
    batchSize: 1,
  });
  await aws.run();
  const send = async (body: string, hops: number) => {
    const trace = traceAfter(hops, arnOf(name));
    const command = new SendMessageCommand({ QueueUrl: url, MessageBody: body });
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        if (trace !== undefined) headers["x-amzn-trace-id"] = trace;
        return next(args);
      },
      { step: "build" },
    );
    await sqs.send(command);
  };
  const bodies = () => (notes.read() as { bodies: string[]; trace: string }[]).flatMap((note) => note.bodies);
  return { send, bodies, notes };
}

test("F40: a function that sends to its own queue is ended after 16 hops, unless that is allowed", async () => {
  const loops = await mapped("loops", false);
  await loops.send("fresh", 0);
  await loops.send("fifteenth", maxHops - 1);
  await loops.send("sixteenth", maxHops);
  await eventually(() => expect(loops.bodies().sort()).toEqual(["fifteenth", "fresh"]));
  const traces = loops.notes.read() as { bodies: string[]; trace: string }[];
  const hops = traces.map(({ bodies, trace }) => [bodies[0], hopsOf(trace, arnOf("loops"))]);
  expect(new Map(hops as [string, number][])).toEqual(
    new Map([
      ["fresh", 1],
      ["fifteenth", maxHops],
    ]),
  );

  const allowed = await mapped("allowed", true);
  await allowed.send("hundredth", 100);
  await eventually(() => expect(allowed.bodies()).toEqual(["hundredth"]));
  expect(loops.bodies()).not.toContain("sixteenth");
});
