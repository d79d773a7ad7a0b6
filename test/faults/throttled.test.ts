import type { Fault } from "./aws/faults.ts";
import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { poll } from "./mapping.ts";
import { recover } from "./recovery.ts";
import { begun } from "./scenario.ts";
import { chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();

const share = 0.25;
const faults: Record<string, readonly Fault[]> = {
  "DynamoDB throttles": [{ service: "dynamodb", share, happens: "throttled" }],
  "DynamoDB throttles everything": [{ service: "dynamodb", share: 1, happens: "throttled" }],
  "DynamoDB loses answers of writes": [
    { service: "dynamodb", actions: ["UpdateItem", "PutItem", "DeleteItem"], share, happens: "answer lost" },
  ],
  "DynamoDB is slow and hangs up": [
    { service: "dynamodb", share: 0.1, happens: "cut" },
    { service: "dynamodb", share, happens: "slow", slowMs: 300 },
  ],
  "SQS throttles": [{ service: "sqs", share, happens: "throttled" }],
  "SQS throttles everything": [{ service: "sqs", share: 1, happens: "throttled" }],
  "SQS loses answers": [{ service: "sqs", share, happens: "answer lost" }],
  "S3 throttles and fails": [
    { service: "s3", share, happens: "throttled" },
    { service: "s3", share, happens: "failed" },
  ],
  "all of them do all of it": (["dynamodb", "sqs", "s3"] as const).flatMap((service) =>
    (["throttled", "failed", "cut", "answer lost"] as const).map((happens) => ({
      service,
      share: 0.05,
      happens,
    })),
  ),
};

describe("F2 F13 F21: services that refuse, fail or lose answers cost time, and no message", () => {
  for (const name of chosen(Object.keys(faults), 2)) {
    faultTest(name, async (random) => {
      const { stack, application } = await begun(freshly);
      const process = await stack.process();
      await stack.aws.cause(faults[name] ?? [], random);
      for (const collection of ["lines", "words"] as const) {
        await poll(stack, collection, process).catch(() => undefined);
        await stack.aws.reveal(stack.queueUrls[collection]);
      }
      const happened = await stack.aws.recover();
      expect(happened.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(0);
      await recover(stack, process);
      await expectClean(stack, application);
    });
  }
});
