import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { ConsumedQueue } from "../queues/consumed-queue.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import type { BackPressure } from "./back-pressure.ts";
import type { Outcome } from "./outcome.ts";

export interface DeferDeps {
  readonly backPressure: BackPressure;
  readonly embedQueue: Pick<ConsumedQueue, "sendLater">;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A message that would open a run. */
export interface NewMessage {
  readonly messageId: string;
  readonly message: EmbedMessage;
  readonly revision: number;
}

/**
 * Defers messages while too many runs are open, the newest first; the others proceed. A deferred message is replaced by
 * a new one with the same revision and no receives. A crash in between leaves both messages, and the second one has no
 * effect.
 */
export async function deferExcess<M extends NewMessage>(
  messages: readonly M[],
  deps: DeferDeps,
): Promise<{ readonly admitted: readonly M[]; readonly outcomes: readonly Outcome[] }> {
  const { backPressure, log, metrics } = deps;
  const count = await backPressure.admit(messages.length);
  const oldestFirst = [...messages].sort((one, other) => one.revision - other.revision);
  const outcomes = await defer(oldestFirst.slice(count), deps);
  const deferred = outcomes.filter(({ result }) => result === "deferred").length;
  metrics.count("MessagesDeferred", deferred);
  if (outcomes.length > 0) {
    log.warn("Too many runs are open; messages are deferred", {
      deferred,
      failed: outcomes.length - deferred,
      admitted: count,
    });
  }
  return { admitted: oldestFirst.slice(0, count), outcomes };
}

async function defer(
  messages: readonly NewMessage[],
  { backPressure, embedQueue, log }: DeferDeps,
): Promise<Outcome[]> {
  if (messages.length === 0) return [];
  const later = messages.map(({ message, revision }) => ({
    body: JSON.stringify({ ...message, exported_at: revision }),
    delaySeconds: backPressure.delaySeconds(revision),
  }));
  const refused = await embedQueue.sendLater(later).catch((error: Error) => {
    return new Map(messages.map((_, position) => [position, error.message]));
  });
  return messages.map(({ messageId, message: { image_id, receipt_id } }, position) => {
    const reason = refused.get(position);
    if (reason === undefined) return { messageId, result: "deferred" };
    log.error("A message could not be deferred and is redelivered", {
      message_id: messageId,
      image_id,
      receipt_id,
      reason,
    });
    return { messageId, result: "failed", byInput: false, reason };
  });
}
