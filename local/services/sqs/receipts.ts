import { AwsError } from "../../protocol/service.ts";
import type { Queue } from "./queue-store.ts";

type Input = Readonly<Record<string, unknown>>;

/** Handles are UUIDs here; another text was never one. */
const handleForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const maxVisibilitySeconds = 43_200;

/**
 * Deletes a message by a handle. A standard queue also accepts a handle whose visibility timeout has expired, unless
 * another consumer has received the message since; a FIFO queue rejects it. A handle of a deleted message has no
 * effect.
 */
export function deleteMessage(queue: Queue, { ReceiptHandle: handle }: Input): void {
  const receipt = readHandle(handle);
  if (queue.inflightMessages.has(receipt)) queue.deleteMessage(receipt);
  else if (queue.isFifo() && queue.remembers(receipt)) throw expired(receipt);
  else queue.deleteReturned(receipt);
}

/** Throws for a message that is not in flight under this handle: its visibility belongs to the current consumer. */
export function changeVisibility(
  queue: Queue,
  { ReceiptHandle: handle, VisibilityTimeout: raw }: Input,
): void {
  const receipt = readHandle(handle);
  if (raw === undefined || raw === null) throw missing("VisibilityTimeout");
  const seconds = Number(raw);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > maxVisibilitySeconds) {
    throw invalid(
      `Value ${String(raw)} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and ${maxVisibilitySeconds}.`,
    );
  }
  if (queue.inflightMessages.has(receipt)) {
    queue.changeVisibility(receipt, seconds);
    return;
  }
  if (!queue.remembers(receipt)) {
    throw invalid(
      `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  }
  if (queue.isFifo()) throw expired(receipt);
  throw new AwsError(
    400,
    "MessageNotInflight",
    "The specified message isn't in flight: its visibility has run out.",
  );
}

export function missing(parameter: string): AwsError {
  return new AwsError(400, "MissingParameter", `The request must contain the parameter ${parameter}.`);
}

export function invalid(message: string): AwsError {
  return new AwsError(400, "InvalidParameterValue", message);
}

function readHandle(handle: unknown): string {
  if (handle === undefined || handle === null || handle === "") throw missing("ReceiptHandle");
  if (typeof handle === "string" && handleForm.test(handle)) return handle;
  throw new AwsError(
    404,
    "ReceiptHandleIsInvalid",
    `The input receipt handle "${String(handle).slice(0, 100)}" is not a valid receipt handle.`,
  );
}

function expired(receipt: string): AwsError {
  return invalid(
    `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
  );
}
