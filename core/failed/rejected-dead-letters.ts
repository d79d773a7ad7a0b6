import * as z from "zod";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";
import { type ReplayDeps, replay } from "./replay.ts";
import { subjectOfRecord } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

const rejected = z.object({ reason: z.string(), record: z.unknown() });

/** Stream records that the stream processor found malformed. */
export class RejectedDeadLetters implements DeadLetterKind {
  readonly #deps: ReplayDeps;

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    return deadLetters.map((deadLetter) => {
      const body = rejected.safeParse(jsonOf(deadLetter.body)).data;
      return {
        id: deadLetter.messageId,
        since: new Date(deadLetter.sentAt).toISOString(),
        ...subjectOfRecord(body?.record),
        reason: body?.reason ?? "It is not what the stream processor sends.",
      };
    });
  }

  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const body = rejected.safeParse(jsonOf(deadLetter.body));
    if (!body.success) return { stays: "It is not what the stream processor sends." };
    const reason = await replay(body.data.record, this.#deps);
    return reason === undefined ? { sentAs: undefined } : { stays: reason };
  }

  /** What is told again never comes back here. */
  sentAs() {
    return [];
  }
}
