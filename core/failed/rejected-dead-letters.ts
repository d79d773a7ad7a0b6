import * as z from "zod";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { type ReplayDeps, replay } from "./replay-stream-record.ts";
import { subjectOfRecord } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

const rejected = z.object({ reason: z.string(), record: z.unknown() });

/** Stream records that the stream processor rejected. */
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
        reason: body?.reason ?? "It is not a message of the stream processor.",
      };
    });
  }

  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const body = rejected.safeParse(jsonOf(deadLetter.body));
    if (!body.success) return { stays: "It is not a message of the stream processor." };
    const reason = await replay(body.data.record, this.#deps);
    return reason === undefined ? { sentAs: undefined } : { stays: reason };
  }

  /** A replayed record never returns to this queue. */
  sentAs() {
    return [];
  }
}
