import type { StoredDocument } from "../documents/documents.ts";

/** The stored ids of a failure's document; null where unknown. */
export type SubjectIds = { readonly [Name in keyof StoredDocument]: StoredDocument[Name] | null };

/** A failure, as shown to operators. */
export interface FailedThing extends SubjectIds {
  /** Id of the message, the object or the run. */
  readonly id: string;
  /** ISO time. */
  readonly since: string;
  readonly entity: string;
  readonly reason: string;
}

export type Subject = SubjectIds & Pick<FailedThing, "entity">;

export interface Listing {
  /** Oldest first; incomplete if the source holds more than the limit. */
  readonly things: readonly FailedThing[];
  /** Approximate for a queue. */
  readonly total: number;
}

export interface Retried {
  /** Number of replayed items. */
  readonly retried: number;
  /** Items that stay, each with its current reason. */
  readonly stayed: readonly FailedThing[];
  /**
   * Approximate number of items that could not be received: behind others of their message group, or in flight at
   * another consumer.
   */
  readonly untouched: number;
}

/** A place that holds failures: a dead-letter queue, stored objects or failed runs. */
export interface FailedSource {
  readonly name: string;
  /** Up to `most` items, without side effects. */
  list(most: number): Promise<Listing>;
  /** Replays what can be replayed. A crash in between may replay some items twice, which is idempotent. */
  retry(): Promise<Retried>;
  /** Deletes the listed items permanently. Resolves to their number. */
  purge(listing: Listing): Promise<number>;
}

/**
 * Whether an item may be purged: if it was listed, or, for a truncated listing, up to the counted number. Later
 * arrivals stay.
 */
export function mayBePurged({ things, total }: Listing): (id: string) => boolean {
  if (things.length < total) {
    let left = total;
    return () => left-- > 0;
  }
  const ids = new Set(things.map(({ id }) => id));
  return (id) => ids.has(id);
}
