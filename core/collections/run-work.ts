import type { RunRef } from "../runs/run-store.ts";
import type { QueuedMessage } from "./collection-queue.ts";

/** A run that messages speak of. */
export interface RunWork {
  readonly run: RunRef;
  readonly deltaPrefix: string;
  readonly messages: readonly QueuedMessage[];
}
