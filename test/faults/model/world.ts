import type { CurrentRun } from "../../../core/runs/current-run.ts";

/** What can be taken out of the protocol, one at a time, to see that it is needed. */
export const guards = [
  "a lease is taken over only after its holder was silent for a lease time",
  "every taking has a higher token",
  "publishing is conditional on the lease and the head",
  "a release is conditional on the lease",
  "only the current run is applied",
  "a run is started before it is read which one counts",
  "a run is completed only under the token that started it",
  "messages are acknowledged after publishing",
  "garbage is what lower tokens left",
  "of content of one moment the same run counts everywhere",
  "a run counts again at an attempt above each that was asked for",
  "an open run is listed before it exists",
  "only the entry of the completed attempt is unlisted",
  "the sweeper drives open runs again",
] as const;
export type Guard = (typeof guards)[number];

/** Ticks after which a silent holder may be taken over. */
export const leaseTicks = 3;

export interface Run {
  readonly receipt: number;
  state: "PENDING" | "PROCESSING" | "COMPLETED";
  token: number;
  attempts: number;
}

export interface Message {
  readonly runId: string;
  hiddenUntil: number;
}

/** A folder on the shared file system: the run of each receipt, and what it was made from. */
export interface Generation {
  readonly base: string | undefined;
  readonly runs: ReadonlyMap<number, string>;
}

export class ProtocolBrokenError extends Error {
  override readonly name = "ProtocolBrokenError";
}

/** All shared state: the tables, the queue, the files. Changes between two yields are atomic. */
export class World {
  readonly without: Guard | undefined;
  now = 0;
  /** The item of the shard. */
  readonly shard = { owner: 0, token: 0, counter: 0, head: undefined as string | undefined };
  /** When the holder last showed that it lives; what nobody can know, for checking only. */
  shownAt = 0;
  readonly current = new Map<number, CurrentRun>();
  readonly runs = new Map<string, Run>();
  /** The attempt of each run that is listed as open. */
  readonly open = new Map<string, number>();
  readonly files = new Map<string, Generation>();
  queue: Message[] = [];
  #owners = 0;

  constructor(without?: Guard) {
    this.without = without;
  }

  has(guard: Guard): boolean {
    return this.without !== guard;
  }

  newOwner(): number {
    this.#owners += 1;
    return this.#owners;
  }

  /** An entry of a later attempt stays as it is. */
  list(runId: string, attempt: number): void {
    if ((this.open.get(runId) ?? 0) < attempt) this.open.set(runId, attempt);
  }

  send(runId: string): void {
    this.queue.push({ runId, hiddenUntil: 0 });
  }

  /** The generations from one back along its bases. */
  history(head: string | undefined): string[] {
    const names: string[] = [];
    for (let name = head; name !== undefined; name = this.files.get(name)?.base) names.push(name);
    return names;
  }
}
