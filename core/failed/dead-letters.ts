import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";
import { countOf, type DeadLetterSource, type Letter, throughQueue } from "./through-queue.ts";

/** The reason why a message was not replayed, or the id by which its next failure can be recognised. */
export type SentAgain = { readonly stays: string } | { readonly sentAs: string | undefined };

/**
 * A kind of message in a dead-letter queue: how to describe and how to replay it. Each is a file beside this one, as
 * `embed-dead-letters.ts`.
 */
export interface DeadLetterKind {
  describe(deadLetters: readonly Letter[]): Promise<FailedThing[]>;
  sendAgain(deadLetter: Letter): Promise<SentAgain>;
  /** The ids that the message may have had before it failed. */
  sentAs(deadLetter: Letter): readonly (string | undefined)[];
}

/** A dead-letter queue as a source of failures. */
export class DeadLetters implements FailedSource {
  readonly name: string;
  readonly #queue: DeadLetterSource;
  readonly #kind: DeadLetterKind;

  constructor(name: string, queue: DeadLetterSource, kind: DeadLetterKind) {
    this.name = name;
    this.#queue = queue;
    this.#kind = kind;
  }

  async list(most: number): Promise<Listing> {
    const total = await countOf(this.#queue);
    const deadLetters: Letter[] = [];
    const look = async (some: readonly Letter[]) => {
      deadLetters.push(...some);
      return [];
    };
    await throughQueue(this.#queue, look, most);
    const things = await this.#kind.describe(deadLetters);
    things.sort((a, b) => (a.since < b.since ? -1 : 1));
    return { things, total: Math.max(total, things.length) };
  }

  /**
   * Receives each message once, sends what its kind makes of it to the queue that it came from, and only then deletes it.
   * A message that has already failed again stays.
   */
  async retry(): Promise<Retried> {
    const total = await countOf(this.#queue);
    const sent = new Set<string | undefined>();
    const stayed = new Map<Letter, string>();
    let retried = 0;
    const sendAgain = async (deadLetters: readonly Letter[]) => {
      const done: Letter[] = [];
      for (const deadLetter of deadLetters) {
        if (this.#kind.sentAs(deadLetter).some((id) => id !== undefined && sent.has(id))) continue;
        const result = await this.#sendAgain(deadLetter);
        if ("stays" in result) stayed.set(deadLetter, result.stays);
        else {
          sent.add(result.sentAs);
          done.push(deadLetter);
        }
      }
      retried += done.length;
      return done;
    };
    for (const deadLetter of await throughQueue(this.#queue, sendAgain)) {
      retried -= 1;
      stayed.set(
        deadLetter,
        "The message was sent again but could not be deleted here; retrying it again is idempotent.",
      );
    }
    const things = await this.#kind.describe([...stayed.keys()]);
    const reasons = new Map([...stayed].map(([{ messageId }, reason]) => [messageId, reason]));
    return {
      retried,
      stayed: things.map((thing) => ({ ...thing, reason: reasons.get(thing.id) ?? thing.reason })),
      untouched: Math.max(0, total - retried - stayed.size),
    };
  }

  async purge(listing: Listing): Promise<number> {
    const isNamed = mayBePurged(listing);
    let deleted = 0;
    const refused = await throughQueue(this.#queue, async (deadLetters) => {
      const due = deadLetters.filter(({ messageId }) => isNamed(messageId));
      deleted += due.length;
      return due;
    });
    return deleted - refused.length;
  }

  async #sendAgain(deadLetter: Letter): Promise<SentAgain> {
    try {
      return await this.#kind.sendAgain(deadLetter);
    } catch (error) {
      const { name, message } = error as Error;
      return { stays: `${name}: ${message}` };
    }
  }
}
