import { errorFields, type Log } from "../log.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { InputError, VectorkeepError } from "../vectorkeep-error.ts";
import type { ConsumedQueue, FailedDelivery } from "./consumed-queue.ts";
import { DeferredError } from "./deferred-error.ts";

/** A received message. */
export interface Delivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentTimestamp: number;
  /** Number of receives, this one included. */
  readonly receives: number;
}

export interface DeliveryDeps {
  readonly queue: Pick<ConsumedQueue, "giveBack">;
  readonly log: Log;
}

const maxShownBody = 1_000;
/** SQS's maximum visibility timeout, less the time that a message was already in flight. */
const maxDeferSeconds = 11 * 3600;

/**
 * Processes each message independently, `width` concurrently. A failed message does not affect the others and logs one
 * line. Returns the ids of the messages to redeliver.
 */
export async function processDeliveries(
  deliveries: readonly Delivery[],
  width: number,
  work: (delivery: Delivery) => Promise<void>,
  { queue, log }: DeliveryDeps,
): Promise<string[]> {
  const failed: FailedDelivery[] = [];
  await inParallel(deliveries, width, async (delivery) => {
    try {
      await work(delivery);
    } catch (error) {
      failed.push(failedDelivery(delivery, error, log));
    }
  });
  return queue.giveBack(failed);
}

function failedDelivery(delivery: Delivery, error: unknown, log: Log): FailedDelivery {
  const reason = error instanceof Error ? error.message : String(error);
  const { messageId: message_id, body } = delivery;
  if (error instanceof DeferredError) {
    log.warn("A message was deferred", { message_id, ...errorFields(error) });
    const deferSeconds = Math.min(maxDeferSeconds, Math.max(1, Math.ceil(error.delaySeconds)));
    return { ...delivery, byInput: false, reason, deferSeconds };
  }
  log.error("A message failed", {
    message_id,
    ...errorFields(error),
    message_body: body.slice(0, maxShownBody),
    ...(error instanceof Error && !(error instanceof VectorkeepError) && { stack: error.stack }),
  });
  const isFinal = error instanceof InputError && "isFinal" in error && error.isFinal === true;
  return { ...delivery, byInput: error instanceof InputError, isFinal, reason };
}
