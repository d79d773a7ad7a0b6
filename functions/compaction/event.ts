import type { SQSEvent } from "aws-lambda";
import type { ShardQueues } from "../../core/collections/messages/shard-queues.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** The messages are not from the queue of a shard. */
export class QueueUnknownError extends VectorkeepError {
  constructor(arn: string | undefined) {
    super(
      `Messages came from ${arn ?? "no queue"}, which is not the queue of a shard.`,
      "Map only the queues of LINES_QUEUE_URLS and WORDS_QUEUE_URLS to this function.",
    );
  }
}

/** The shard whose queue the event is from. Throws QueueUnknownError. */
export function sourceOf(event: SQSEvent, shards: readonly ShardQueues[]): ShardQueues {
  const arn = event.Records[0]?.eventSourceARN;
  const found = shards.find(({ queue }) => arn?.split(":").at(-1) === queue.split("/").at(-1));
  if (found === undefined) throw new QueueUnknownError(arn);
  return found;
}
