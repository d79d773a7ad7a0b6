/** Something that could not be handled, as operators see it. */
export interface FailedThing {
  /** Of the message, the object or the run. */
  readonly id: string;
  /** ISO. */
  readonly since: string;
  /** What it concerns, as far as it tells. */
  readonly image_id: string | null;
  readonly receipt_id: number | null;
  readonly entity: string;
  readonly reason: string;
}

export type Subject = Pick<FailedThing, "image_id" | "receipt_id" | "entity">;

export interface Listing {
  /** Oldest first; not all of them where the source holds more than were asked for. */
  readonly things: readonly FailedThing[];
  /** Of a queue, approximately. */
  readonly total: number;
}

export interface Retried {
  /** Back on their way. */
  readonly retried: number;
  /** Those that stay, each with the reason of now. */
  readonly stayed: readonly FailedThing[];
  /** Those that were out of reach, approximately: behind others of their receipt, or being read by somebody else. */
  readonly untouched: number;
}

/** One of the places where things end that could not be handled. */
export interface FailedSource {
  readonly name: string;
  /** At most so many, read without changing anything. */
  list(most: number): Promise<Listing>;
  /** Puts back on its way what can be; a crash in between leaves some on their way twice, which is harmless. */
  retry(): Promise<Retried>;
  /** Deletes for good what a listing named. Resolves to how many. */
  purge(listing: Listing): Promise<number>;
}

/**
 * Whether a thing may be purged: it was listed; of a listing that was cut short, as many may as it counted. What came in
 * since stays.
 */
export function mayBePurged({ things, total }: Listing): (id: string) => boolean {
  if (things.length < total) {
    let left = total;
    return () => left-- > 0;
  }
  const ids = new Set(things.map(({ id }) => id));
  return (id) => ids.has(id);
}
