import type { DocumentRef } from "../../documents/documents.ts";
import type { CurrentRun, Removal } from "../../runs/current-run.ts";
import type { RunRef } from "../../runs/run-store.ts";
import type { QueuedMessage } from "./collection-queue.ts";

/** A run, and the messages that announce it. */
export interface RunWork {
  readonly run: RunRef;
  readonly deltaPrefix: string;
  readonly messages: readonly QueuedMessage[];
}

/** All messages of a cycle about one document. */
export interface DocumentWork {
  readonly document: DocumentRef;
  readonly runs: readonly RunWork[];
  readonly removals: readonly Removal[];
  /** Messages without a run: changes of facts, and removals. */
  readonly changeMessages: readonly QueuedMessage[];
  /** The document was reported as wrong, so it is republished even if it appears to be current. */
  readonly isDoubted: boolean;
}

/** A document that the cycle must bring up to date. */
export interface StartedDocument {
  readonly document: DocumentRef;
  /** The run whose delta must be applied; undefined if none. */
  readonly run: RunWork | undefined;
  /** The CURRENT item after the removals. */
  readonly current: CurrentRun | undefined;
  /** Acknowledged once the document's vectors reflect the current state. */
  readonly changeMessages: readonly QueuedMessage[];
  readonly isDoubted: boolean;
}

/** Every message of the document. */
export function messagesOf({
  runs,
  changeMessages,
}: Pick<DocumentWork, "runs" | "changeMessages">): readonly QueuedMessage[] {
  return [...runs.flatMap(({ messages }) => messages), ...changeMessages];
}
