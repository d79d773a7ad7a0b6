import { jsonOf } from "../text/json-of.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import { idsIn } from "./subject-ids.ts";
import type { Letter } from "./through-queue.ts";

/**
 * Messages that a function failed on, with the reason that it put on them; for those that SQS moved after too many receives, its
 * log has the reason. `entity` is what they are about, for people to read.
 */
export async function describeDeadLetters(
  deadLetters: readonly Letter[],
  entity: string,
  logged: Pick<LoggedReasons, "of">,
): Promise<FailedThing[]> {
  const reasonOf = await logged.of(deadLetters);
  return deadLetters.map((deadLetter) => ({
    id: deadLetter.messageId,
    since: new Date(deadLetter.sentAt).toISOString(),
    ...idsIn(jsonOf(deadLetter.body)),
    entity,
    reason: deadLetter.attributes.failure_reason?.StringValue ?? reasonOf(deadLetter),
  }));
}
