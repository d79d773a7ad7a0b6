import type { ShardName } from "../../../contract/collections.ts";
import { type Change, type DocumentRef, documentModel } from "../../documents/documents.ts";
import { holdsShardKey } from "../../documents/shards.ts";
import type { Removal } from "../../runs/current-run.ts";
import { linkToCauses } from "../../tracing/span.ts";
import type { QueuedMessage } from "./collection-queue.ts";
import type { DocumentWork, RunWork } from "./document-work.ts";
import type { FailedMessages } from "./failed-messages.ts";

interface Gathered extends DocumentWork {
  isDoubted: boolean;
  readonly runs: (RunWork & { messages: QueuedMessage[] })[];
  readonly removals: Removal[];
  readonly changeMessages: QueuedMessage[];
}

/** Parses each message once. */
export class ReadChanges {
  readonly #read = new Map<QueuedMessage, Change | string>();

  /** Returns the reason if the message is invalid. */
  of(message: QueuedMessage): Change | string {
    const known = this.#read.get(message);
    if (known !== undefined) return known;
    const change = documentModel.readMessage(message.body);
    this.#read.set(message, change);
    return change;
  }

  announcesRun(message: QueuedMessage): boolean {
    const change = this.of(message);
    return typeof change !== "string" && change.run !== undefined;
  }
}

/**
 * Groups the messages by document, which is the unit of work. A message fails if it cannot be read, or if its document
 * belongs to another shard: applying it here would store the document in both.
 */
export async function readMessages(
  shard: ShardName,
  received: readonly QueuedMessage[],
  failed: FailedMessages,
  changes: ReadChanges,
): Promise<DocumentWork[]> {
  const byDocument = new Map<string, Gathered>();
  const causes = new Set<string | undefined>();
  for (const message of received) {
    const change = changes.of(message);
    if (typeof change === "string") {
      await failed.withoutRun(message, `The change message is invalid: ${change}.`);
      continue;
    }
    causes.add(change.traceparent);
    const { document } = change;
    const shardKey = documentModel.shardKeyOf(document);
    if (!holdsShardKey(shard, shardKey)) {
      const reason = `The ${documentModel.shardNoun} ${shardKey} is in another shard than ${shard}.`;
      await failed.withoutRun(message, reason);
      continue;
    }
    addTo(gatheredOf(byDocument, document), change, message);
  }
  linkToCauses(causes);
  return [...byDocument.values()];
}

function gatheredOf(byDocument: Map<string, Gathered>, document: DocumentRef): Gathered {
  const key = documentModel.keyOf(document);
  const known = byDocument.get(key) ?? {
    document,
    runs: [],
    removals: [],
    changeMessages: [],
    isDoubted: false,
  };
  byDocument.set(key, known);
  return known;
}

function addTo(
  work: Gathered,
  { document, run, removed, isLookAgain }: Change,
  message: QueuedMessage,
): void {
  if (run) {
    addRun(work, {
      run: { ...document, runId: run.runId },
      deltaPrefix: run.deltaPrefix,
      messages: [message],
    });
    return;
  }
  if (removed) work.removals.push({ part: removed.part, revision: removed.at });
  if (isLookAgain) work.isDoubted = true;
  work.changeMessages.push(message);
}

function addRun({ runs }: Gathered, work: RunWork & { messages: QueuedMessage[] }): void {
  const known = runs.find(
    ({ run, deltaPrefix }) => run.runId === work.run.runId && deltaPrefix === work.deltaPrefix,
  );
  if (known) known.messages.push(...work.messages);
  else runs.push(work);
}
