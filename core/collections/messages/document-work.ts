import type { DocumentRef } from "../../documents/documents.ts";
import type { CurrentRun, Removal } from "../../runs/current-run.ts";
import type { RunRef } from "../../runs/run-store.ts";
import type { QueuedMessage } from "./collection-queue.ts";

/** A run that messages speak of. */
export interface RunWork {
  readonly run: RunRef;
  readonly deltaPrefix: string;
  readonly messages: readonly QueuedMessage[];
}

/** All that the messages of a cycle say of one document. */
export interface DocumentWork {
  readonly document: DocumentRef;
  readonly runs: readonly RunWork[];
  readonly removals: readonly Removal[];
  /** Those that name no run: changes of facts, and removals. */
  readonly changeMessages: readonly QueuedMessage[];
  /** Somebody has found the document other than it should be: it is published again, whatever seems to be published. */
  readonly isDoubted: boolean;
}

/** A document that the cycle has to bring to what is true of it now. */
export interface StartedDocument {
  readonly document: DocumentRef;
  /** The run whose delta has to be applied. */
  readonly run: RunWork | undefined;
  /** As it is after the removals. */
  readonly current: CurrentRun | undefined;
  /** Done when the document's vectors show what is true. */
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
