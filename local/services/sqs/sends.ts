import type { AwsError } from "../../protocol/service.ts";
import type { Entry } from "./batches.ts";
import { invalid, missing } from "./receipts.ts";

const maxDelaySeconds = 900;

/** Why AWS refuses a message, for rules that fauxqs does not check. */
export function sendProblem({ MessageBody: body, DelaySeconds: delay }: Entry): AwsError | undefined {
  if (typeof body !== "string" || body === "") return missing("MessageBody");
  if (delay === undefined || delay === null) return undefined;
  const seconds = Number(delay);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= maxDelaySeconds) return undefined;
  return invalid(
    `Value ${String(delay)} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${maxDelaySeconds}.`,
  );
}

/** The entries that can be sent, and how the answer lists the others. */
export function sendable(entries: readonly Entry[]): {
  readonly good: readonly Entry[];
  readonly failed: object[];
} {
  const good: Entry[] = [];
  const failed: object[] = [];
  for (const entry of entries) {
    const problem = sendProblem(entry);
    if (problem === undefined) good.push(entry);
    else failed.push({ Id: entry.Id, SenderFault: true, Code: problem.code, Message: problem.message });
  }
  return { good, failed };
}
