import type { FailedSource, FailedThing, Listing, Retried } from "./failed-source.ts";
import { mayBePurged } from "./failed-source.ts";
import { countOf, type Letter, type LetterQueue, throughQueue } from "./through-queue.ts";

/** Why a message was not sent again, or the id under which its next failure would be known. */
export type SentAgain = { readonly stays: string } | { readonly sentAs: string | undefined };

/** What the messages of a dead-letter queue are, and what they need to be tried again. */
export interface LetterKind {
  describe(letters: readonly Letter[]): Promise<FailedThing[]>;
  sendAgain(letter: Letter): Promise<SentAgain>;
  /** The ids under which the message may have been sent before it failed. */
  sentAs(letter: Letter): readonly (string | undefined)[];
}

/** A queue at the end of a path. */
export class DeadLetters implements FailedSource {
  readonly name: string;
  readonly #queue: LetterQueue;
  readonly #kind: LetterKind;

  constructor(name: string, queue: LetterQueue, kind: LetterKind) {
    this.name = name;
    this.#queue = queue;
    this.#kind = kind;
  }

  async list(most: number): Promise<Listing> {
    const total = await countOf(this.#queue);
    const letters: Letter[] = [];
    const look = async (some: readonly Letter[]) => {
      letters.push(...some);
      return [];
    };
    await throughQueue(this.#queue, look, most);
    const things = await this.#kind.describe(letters);
    things.sort((a, b) => (a.since < b.since ? -1 : 1));
    return { things, total: Math.max(total, things.length) };
  }

  /** A message goes only after it was sent again. One that has failed again meanwhile is left for another time. */
  async retry(): Promise<Retried> {
    const total = await countOf(this.#queue);
    const sent = new Set<string | undefined>();
    const stayed = new Map<Letter, string>();
    let retried = 0;
    const sendAgain = async (letters: readonly Letter[]) => {
      const done: Letter[] = [];
      for (const letter of letters) {
        if (this.#kind.sentAs(letter).some((id) => id !== undefined && sent.has(id))) continue;
        const result = await this.#sendAgain(letter);
        if ("stays" in result) stayed.set(letter, result.stays);
        else {
          sent.add(result.sentAs);
          done.push(letter);
        }
      }
      retried += done.length;
      return done;
    };
    for (const letter of await throughQueue(this.#queue, sendAgain)) {
      retried -= 1;
      stayed.set(letter, "It is on its way, but could not be deleted here: retrying it again is harmless.");
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
    const refused = await throughQueue(this.#queue, async (letters) => {
      const due = letters.filter(({ messageId }) => isNamed(messageId));
      deleted += due.length;
      return due;
    });
    return deleted - refused.length;
  }

  async #sendAgain(letter: Letter): Promise<SentAgain> {
    try {
      return await this.#kind.sendAgain(letter);
    } catch (error) {
      const { name, message } = error as Error;
      return { stays: `${name}: ${message}` };
    }
  }
}
