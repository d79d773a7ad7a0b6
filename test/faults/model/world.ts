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
  "a base or segment that a kept generation names is no garbage",
  "a publish keeps the segments that are above the base",
  "a base takes what is above the one before",
  "a fold is not published over another base",
  "a fold keeps what was published while it ran",
  "a fold is published under its own lease",
  "what a holder has written is no garbage",
  "a fold forgets no delta that is named",
  "a publish notes no delta only where the head names all of them",
  "a generation is whole before the head names it",
  "a delta that a kept generation names is not swept",
  "a publish names its deltas before it looks whether one is going",
  "of content of one moment the same run counts everywhere",
  "a run counts again at an attempt above each that was asked for",
  "an open run is listed before it exists",
  "only the entry of the completed attempt is unlisted",
  "the sweeper drives open runs again",
] as const;
export type Guard = (typeof guards)[number];

/** Ticks after which a silent holder may be taken over. */
export const leaseTicks = 3;

/** Of those that were published: the head, and one to go back to. */
export const generationsKept = 2;

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

/** A manifest: what it was made from, the base below it and the segments above that, by name. */
export interface Generation {
  readonly base: string | undefined;
  readonly database: string | undefined;
  readonly segments: readonly string[];
}

/** A file of a base or segment: the run of each receipt. That of a segment is a name: its delta has the vectors. */
export type Contents = ReadonlyMap<number, string>;

export interface SharedLease {
  owner: number;
  token: number;
  counter: number;
  /** When the holder last showed that it lives; what nobody can know, for checking only. */
  shownAt: number;
}

function unheld(): SharedLease {
  return { owner: 0, token: 0, counter: 0, shownAt: 0 };
}

export class ProtocolBrokenError extends Error {
  override readonly name = "ProtocolBrokenError";
}

/** All shared state: the tables, the queue, the files. Changes between two yields are atomic. */
export class World {
  readonly without: Guard | undefined;
  now = 0;
  /** The item of the shard: its head, and its leases, that of publishes and that of the fold. */
  readonly shard = { head: undefined as string | undefined };
  readonly publishing = unheld();
  readonly folding = unheld();
  readonly current = new Map<number, CurrentRun>();
  readonly runs = new Map<string, Run>();
  /** The attempt of each run that is listed as open. */
  readonly open = new Map<string, number>();
  readonly files = new Map<string, Generation>();
  readonly bases = new Map<string, Contents>();
  readonly segments = new Map<string, Contents>();
  /** Deltas that are stored, by run; and those that a sweep is about to remove. */
  readonly deltas = new Set<string>();
  readonly expiring = new Set<string>();
  /** Runs whose deltas are noted as named by kept generations, and the token of who wrote that. */
  readonly named = { runs: new Set<string>(), token: 0 };
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

  /** Both leases take their tokens from one sequence, so that a token names one holder. */
  nextToken(): number {
    return Math.max(this.publishing.token, this.folding.token) + 1;
  }

  holders(): number[] {
    return [this.publishing, this.folding].flatMap(({ owner, token }) => (owner === 0 ? [] : token));
  }

  /** An entry of a later attempt stays as it is. */
  list(runId: string, attempt: number): void {
    if ((this.open.get(runId) ?? 0) < attempt) this.open.set(runId, attempt);
  }

  send(runId: string): void {
    this.queue.push({ runId, hiddenUntil: 0 });
  }

  /** What a reader shows of a generation; throws where it cannot be read. */
  read(name: string): Map<number, string> {
    const generation = this.files.get(name);
    if (generation === undefined) throw new ProtocolBrokenError(`${name} is gone.`);
    const shown = new Map<number, string>();
    const { database, segments } = generation;
    if (database !== undefined) {
      const base = this.bases.get(database);
      if (base === undefined) throw new ProtocolBrokenError(`The base of ${name} is gone.`);
      for (const [receipt, runId] of base) shown.set(receipt, runId);
    }
    for (const segment of segments) {
      const entries = this.segments.get(segment);
      if (entries === undefined) throw new ProtocolBrokenError(`A segment of ${name} is gone.`);
      for (const [receipt, runId] of entries) {
        if (!this.deltas.has(runId)) throw new ProtocolBrokenError(`The delta of ${runId} is gone.`);
        shown.set(receipt, runId);
      }
    }
    return shown;
  }

  /** Runs whose deltas a generation names; none where it is gone. */
  runsAbove(name: string): string[] {
    const segments = this.files.get(name)?.segments ?? [];
    return segments.flatMap((segment) => [...(this.segments.get(segment)?.values() ?? [])]);
  }

  /** What the segments of a generation say together. */
  overlay({ segments }: Generation): Map<number, string> {
    return new Map(segments.flatMap((segment) => [...(this.segments.get(segment) ?? [])]));
  }

  /** The generations from one back along its bases. */
  history(head: string | undefined): string[] {
    const names: string[] = [];
    for (let name = head; name !== undefined && this.files.has(name); name = this.files.get(name)?.base) {
      names.push(name);
    }
    return names;
  }
}
