import type { ShardName } from "../../../contract/collections.ts";
import { documentKeys, errorFields, type Log, runFields } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { RunRef, RunStore } from "../../runs/run-store.ts";
import type { CollectionQueue, QueuedMessage } from "./collection-queue.ts";
import type { RunWork, StartedDocument } from "./document-work.ts";
import type { FailureLedger } from "./failure-ledger.ts";
import type { MessagesInFlight } from "./messages-in-flight.ts";

export interface FailedMessagesDeps {
  readonly shard: ShardName;
  readonly token: number;
  readonly runs: RunStore;
  readonly queue: CollectionQueue;
  readonly ledger: FailureLedger;
  readonly messages: MessagesInFlight;
  /** Number of failures at which a message moves to the dead-letter queue. */
  readonly maxFailures: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Counts failures that a message itself causes. The message stays open and is redelivered until it has failed
 * `maxFailures` times; then it moves to the dead-letter queue with the reason. No method throws: a failure that cannot
 * be counted now is counted at the next delivery, and must not end the cycle (F26).
 */
export class FailedMessages {
  readonly #deps: FailedMessagesDeps;

  constructor(deps: FailedMessagesDeps) {
    this.#deps = deps;
  }

  /** Counts a failure of a run that this cycle has started, in the run itself. */
  async ofRun({ run, messages }: RunWork, reason: string): Promise<void> {
    const { runs, shard, token, log } = this.#deps;
    await this.#orLog(messages, reason, async () => {
      const failures = await runs.fail(run, shard, token, reason);
      if (failures === "fenced") {
        log.info("A run was reopened in the meantime; its failure is not counted", {
          shard,
          ...runFields(run),
          reason,
        });
        return;
      }
      for (const message of messages) await this.#settle(message, failures, reason, run);
    });
  }

  /** Counts a failure of a poison document: in its run, or, if it has none, per message. */
  async ofDocument({ run, changeMessages }: StartedDocument, reason: string): Promise<void> {
    if (run) await this.ofRun(run, reason);
    else await this.ofMessages(changeMessages, reason);
  }

  /** Counts a failure of messages without a run, in the control table. Skips finished messages. */
  async ofMessages(messages: readonly QueuedMessage[], reason: string): Promise<void> {
    for (const message of messages) {
      if (this.#deps.messages.isOpen(message)) await this.withoutRun(message, reason);
    }
  }

  /** Counts a failure of a message that names no known run, in the control table. */
  async withoutRun(message: QueuedMessage, reason: string): Promise<void> {
    const { ledger, maxFailures } = this.#deps;
    await this.#orLog([message], reason, async () => {
      const failures = await ledger.count(message.deduplicationId, reason);
      await this.#settle(message, failures, reason, undefined);
      if (failures >= maxFailures) await ledger.forget(message.deduplicationId);
    });
  }

  async #orLog(
    messages: readonly QueuedMessage[],
    reason: string,
    count: () => Promise<void>,
  ): Promise<void> {
    try {
      await count();
    } catch (error) {
      this.#deps.log.error("A failure could not be counted; its messages are redelivered", {
        shard: this.#deps.shard,
        message_ids: messages.map(({ messageId }) => messageId),
        ...documentKeys([...new Set(messages.map(({ groupId }) => groupId))]),
        ...errorFields(error),
        problems: [reason],
      });
    }
  }

  async #settle(
    message: QueuedMessage,
    failures: number,
    reason: string,
    run: RunRef | undefined,
  ): Promise<void> {
    const { queue, messages, maxFailures, shard, log, metrics } = this.#deps;
    const about = run ? runFields(run) : documentKeys([message.groupId]);
    const fields = { shard, message_id: message.messageId, ...about, failures, reason };
    if (failures < maxFailures) {
      log.warn("A message failed and is redelivered", fields);
      return;
    }
    await queue.moveToDeadLetters(message, reason);
    messages.finish([message]);
    log.error("A message failed too often and is in the dead-letter queue", fields);
    metrics.count("MessagesDeadLettered", 1);
  }
}
