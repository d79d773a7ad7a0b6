import { z } from "zod";
import type { LetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";
import { type RetellPorts, retell } from "./retell.ts";
import { subjectOfRecord } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

const rejected = z.object({ reason: z.string(), record: z.unknown() });

/** Stream records that the stream processor found malformed. */
export class RejectedLetters implements LetterKind {
  readonly #ports: RetellPorts;

  constructor(ports: RetellPorts) {
    this.#ports = ports;
  }

  async describe(letters: readonly Letter[]): Promise<FailedThing[]> {
    return letters.map((letter) => {
      const body = rejected.safeParse(jsonOf(letter.body)).data;
      return {
        id: letter.messageId,
        since: new Date(letter.sentAt).toISOString(),
        ...subjectOfRecord(body?.record),
        reason: body?.reason ?? "It is not what the stream processor sends.",
      };
    });
  }

  async sendAgain(letter: Letter): Promise<SentAgain> {
    const body = rejected.safeParse(jsonOf(letter.body));
    if (!body.success) return { stays: "It is not what the stream processor sends." };
    const reason = await retell(body.data.record, this.#ports);
    return reason === undefined ? { sentAs: undefined } : { stays: reason };
  }

  /** What is told again never comes back here. */
  sentAs() {
    return [];
  }
}
