import type { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { depthsText, queueDepths } from "../../../cli/queue-depths.ts";
import { stackOutputs } from "./stack-outputs.ts";

/** Each queue holds as many messages as the number at the end of its URL says. */
const send = async ({ input }: GetQueueAttributesCommand) => ({
  Attributes: { ApproximateNumberOfMessages: input.QueueUrl?.split("/").at(-1) },
});
const sqs = { send } as unknown as SQSClient;

test("every queue of a stack has the name of its collection", async () => {
  const depths = await queueDepths(sqs, stackOutputs);
  expect(depthsText(depths)).toBe(
    "embed 1+0, lines 3+0, words 4+0, embed-dlq 2+0, lines-dlq 5+0, words-dlq 6+0, fold-dlq 10+0, stream-rejected 7+0",
  );
});

test("where collections are split, by the name of its shard", async () => {
  const depths = await queueDepths(sqs, {
    ...stackOutputs,
    linesQueueUrls: ["http://queue/31", "http://queue/32"],
    wordsQueueUrls: ["http://queue/0", "http://queue/42"],
    linesDeadLetterQueueUrls: ["http://queue/0", "http://queue/0"],
    wordsDeadLetterQueueUrls: ["http://queue/61", "http://queue/0"],
  });
  expect(depthsText(depths)).toBe(
    "embed 1+0, lines-1of2 31+0, lines-2of2 32+0, words-2of2 42+0, embed-dlq 2+0, words-1of2-dlq 61+0, fold-dlq 10+0, stream-rejected 7+0",
  );
  expect(depths.filter(({ deadLetters }) => deadLetters)).toHaveLength(7);
});
