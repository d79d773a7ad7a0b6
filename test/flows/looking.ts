import { setTimeout as sleep } from "node:timers/promises";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { depthsText, queueDepths } from "../../cli/queue-depths.ts";
import { eventually } from "./eventually.ts";
import type { RunningStack } from "./running-stack.ts";

/** Waits until no message waits or is in flight. */
export async function noMessageIsLeft(stack: RunningStack): Promise<void> {
  await eventually(60, async () => {
    const depths = await queueDepths(stack.sqs, stack.outputs);
    expect(depthsText(depths.filter(({ deadLetters }) => !deadLetters))).toBe("all empty");
  });
}

/** Waits until a queue has delivered `count` different messages. */
export async function bodiesIn(stack: RunningStack, QueueUrl: string, count: number): Promise<string[]> {
  const bodies = new Set<string>();
  return eventually(60, async () => {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const { Body = "" } of Messages) bodies.add(Body);
    expect(bodies.size).toBe(count);
    return [...bodies];
  });
}

/** Waits for a log to say it: lines arrive a little after what they speak of. */
export async function logSays(stack: RunningStack, logGroup: string, filterPattern: string): Promise<void> {
  await eventually(30, async () => expect(await stack.logged(logGroup, filterPattern)).not.toEqual([]));
}

/** No process of the stack lacked a permission, and the stack has no problems to report. */
export async function nothingWasRefused(stack: RunningStack): Promise<void> {
  expect(await stack.problems()).toEqual([]);
  for (const group of Object.values(stack.outputs.logGroups)) {
    expect(await stack.logged(group ?? "", "AccessDenied")).toEqual([]);
  }
}

const emfLine = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({ Namespace: z.string(), Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })) }),
    ),
  }),
  RecordsReceived: z.number(),
  RecordsSkipped: z.number(),
  RecordsRelevant: z.number(),
  RecordsRejected: z.number(),
  MessagesSent: z.number(),
  MessagesRefused: z.number(),
});

/** The metric lines of the stream processor, one an invocation, when its log has stood still for a second. */
export async function streamProcessorMetrics(stack: RunningStack): Promise<z.infer<typeof emfLine>[]> {
  const { streamProcessor } = stack.outputs.logGroups;
  for (let before = -1; ; ) {
    const [lines, starts] = await Promise.all([
      stack.logged(streamProcessor, "CloudWatchMetrics"),
      stack.logged(streamProcessor, '"START RequestId"'),
    ]);
    if (lines.length === before && lines.length === starts.length) {
      return lines.map((line) => emfLine.parse(JSON.parse(line)));
    }
    before = lines.length;
    await sleep(1_000);
  }
}
