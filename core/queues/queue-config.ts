import { SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import type { Log } from "../log.ts";
import { ConsumedQueue } from "./consumed-queue.ts";

/** The environment that infra declares for a function that consumes a queue. */
export const queueConfig = {
  QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
};

export type QueueConfig = z.infer<z.ZodObject<typeof queueConfig>>;

export function consumedQueue(config: QueueConfig, log: Log): ConsumedQueue {
  const urls = { queue: config.QUEUE_URL, dlq: config.DEAD_LETTER_QUEUE_URL };
  return new ConsumedQueue(new SQSClient({}), urls, log);
}
