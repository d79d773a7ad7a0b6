import { collections } from "../../contract/collections.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import { type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { RunStatus } from "../runs/run-status.ts";

/** A message that a producer has sent. */
export type SentMessage = Pick<EmbedMessage, "image_id" | "receipt_id" | "exported_at">;

export interface AwaitDeps {
  statusOf(receipt: ReceiptRef): Promise<RunStatus | undefined>;
  /** Reasons by receipt key of messages that could not be embedded, and were sent at or after this time (epoch milliseconds). */
  undelivered(since: number): Promise<ReadonlyMap<string, string>>;
  report(progress: Readonly<AwaitProgress>): void;
  readonly clock: Clock;
  /** Ends the wait; nothing that was sent is taken back. */
  readonly signal: AbortSignal;
}

export interface AwaitProgress {
  readonly total: number;
  completed: number;
  /** Reasons by receipt key. */
  readonly failed: Map<string, string>;
}

const pollMs = 2_000;
/** Dead letters are received to be read, which hides them from others for a moment: seldom, and only while nothing else moves. */
const pollsPerLookAtDeadLetters = 5;
const readsAtOnce = 16;

/**
 * Waits until the run of each receipt that was exported is COMPLETED or FAILED in both collections, or its message cannot be embedded.
 * A later export of a receipt takes the place of this one. Reports each time that some are done; resolves to what is known at the end, which is
 * everything unless the signal ended the wait.
 */
export async function awaitRuns(
  sent: readonly SentMessage[],
  deps: AwaitDeps,
): Promise<Readonly<AwaitProgress>> {
  const progress: AwaitProgress = { total: sent.length, completed: 0, failed: new Map() };
  const since = sent.reduce(
    (least, { exported_at = 0 }) => Math.min(least, exported_at),
    Number.POSITIVE_INFINITY,
  );
  let open = sent;
  for (let poll = 1; open.length > 0 && !deps.signal.aborted; poll++) {
    const before = open.length;
    open = await stillOpen(open, progress, deps);
    const isDue = open.length > 0 && open.length === before && poll % pollsPerLookAtDeadLetters === 0;
    if (isDue) open = withoutUndelivered(open, await deps.undelivered(since), progress);
    if (open.length < before || open.length === 0) deps.report(progress);
    if (open.length > 0) await deps.clock.sleep(pollMs, deps.signal).catch(() => undefined);
  }
  return progress;
}

async function stillOpen(
  open: readonly SentMessage[],
  progress: AwaitProgress,
  { statusOf, signal }: AwaitDeps,
): Promise<SentMessage[]> {
  const left: SentMessage[] = [];
  await inParallel(open, readsAtOnce, async (message) => {
    if (signal.aborted) return;
    const receipt = receiptOf(message);
    const status = await statusOf(receipt);
    const isOlder = status === undefined || status.revision < (message.exported_at ?? 0);
    if (isOlder || status.state === "PENDING" || status.state === "PROCESSING") left.push(message);
    else if (status.state === "COMPLETED") progress.completed += 1;
    else progress.failed.set(receiptKey(receipt), reasonOf(status));
  });
  return left;
}

function withoutUndelivered(
  open: readonly SentMessage[],
  reasons: ReadonlyMap<string, string>,
  { failed }: AwaitProgress,
): SentMessage[] {
  return open.filter((message) => {
    const key = receiptKey(receiptOf(message));
    const reason = reasons.get(key);
    if (reason !== undefined) failed.set(key, reason);
    return reason === undefined;
  });
}

function reasonOf({ state, halves }: RunStatus): string {
  if (state === "DELETED" || halves === undefined) return "it was removed meanwhile";
  return collections
    .flatMap((collection) => {
      const { state: half, error } = halves[collection];
      return half === "FAILED" ? [`${collection}: ${error ?? "it was given up"}`] : [];
    })
    .join("; ");
}

function receiptOf({ image_id, receipt_id }: SentMessage): ReceiptRef {
  return { imageId: image_id, receiptId: receipt_id };
}
