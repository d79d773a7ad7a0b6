import { jsonOf } from "../text/json-of.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import { idsIn } from "./subject-ids.ts";
import type { Letter } from "./through-queue.ts";

/**
 * Describes dead-lettered messages with the reason that their function attached. Messages that SQS moved after too many
 * receives have none, so their reason is read from the function's log. `entity` names the subject for people.
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
