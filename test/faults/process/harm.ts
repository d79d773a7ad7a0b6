import type { Step } from "../../../core/collections/cycle/cycle-deps.ts";

/** A moment in the life of a process. */
export type Moment =
  | { readonly step: Step; readonly afterMs?: number }
  /** The nth call of that name, or of any name. */
  | { readonly call?: string; readonly nth: number; readonly effect: "before" | "after" };

/** What a process does to itself, or to the Chroma server that it has started. */
export interface Harm {
  readonly at: Moment;
  readonly signal: "SIGKILL" | "SIGSTOP";
  readonly to: "itself" | "chroma";
}

/** What the process is asked, over IPC. */
export interface Invocation {
  readonly id: number;
  readonly event: object;
  readonly milliseconds: number;
}

export interface Answer {
  readonly id: number;
  /** Ids of the messages to redeliver. */
  readonly failed?: readonly string[];
  readonly error?: string;
  /** Names of the calls that the invocation has made, in order. */
  readonly calls: readonly string[];
}
