import type { S3Client } from "@aws-sdk/client-s3";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaPrefix } from "../deltas/keys.ts";
import type { RequestSize } from "../embedding/embed-each.ts";
import type { Embedder } from "../embedding/embedder.ts";
import { SharedRequests } from "../embedding/shared-requests.ts";
import { errorFields, type Log, runFields } from "../log.ts";
import { type EmbedMessage, parseEmbedMessage, revisionOf } from "../receipts/embed-message.ts";
import { textFormat } from "../receipts/embedded-texts.ts";
import type { RejectedRow } from "../receipts/parse-rows.ts";
import { maxClockLeadMs } from "../runs/current-run.ts";
import { runIdOf } from "../runs/run-id.ts";
import type { RunRef } from "../runs/run-store.ts";
import { InputError, VectorkeepError } from "../vectorkeep-error.ts";
import { type DeferDeps, deferExcess } from "./defer-messages.ts";
import {
  type EmbeddedReceipt,
  embedReceipts,
  type PlannedReceipt,
  type RefusedVector,
} from "./embed-receipts.ts";
import { countOutcomes, type Outcome, outcomeMessage, summary } from "./outcome.ts";
import { type ReceiptContent, readReceipt } from "./read-receipt.ts";
import { receiptNamedIn } from "./receipt-named-in.ts";
import {
  precedence,
  type Recorded,
  type RunDeps,
  type RunPrecedence,
  recordRun,
  versionOf,
} from "./record-run.ts";
import { writeRejectedRows } from "./rejected-rows.ts";
import { areStored, withoutStoredDeltas } from "./stored-deltas.ts";

/** A delivered message. */
export interface Delivery {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentTimestamp: number;
}

export interface IngestDeps extends RunDeps, DeferDeps {
  /** Client for the artifacts and the rejected rows. */
  readonly s3: S3Client;
  readonly deltasBucket: string;
  readonly deltas: DeltaStore;
  readonly embedder: Embedder;
  /** At most `requestLimits.tokens`, and at most the account's tokens per minute. */
  readonly tokensPerRequest: number;
  /** Shared by all invocations of a process; it shrinks if the provider accepts fewer. */
  readonly requestSize: RequestSize;
  readonly log: Log;
}

/** Maximum number of repaired rows in a log line. */
const maxRepairsShown = 10;
/** Matches no version of CURRENT, so that the deltas are checked again. */
const neverSeen = -1;

/** A parsed message with the run of its content. */
interface ReadMessage {
  readonly messageId: string;
  readonly delivery: Delivery;
  readonly message: EmbedMessage;
  readonly revision: number;
  readonly content: ReceiptContent;
  readonly run: RunRef;
  readonly precedence: Exclude<RunPrecedence, { kind: "superseded" }>;
}

/** The same with the vectors that still need an embedding. */
type PlannedMessage = ReadMessage & PlannedReceipt & { readonly refusedBefore: readonly RefusedVector[] };

/**
 * One invocation: reads and validates every message, defers those that would open too many runs, embeds the texts of
 * the others in shared requests, and records each receipt's run as soon as its deltas are durable. A failed message
 * does not affect the others, and logs one line.
 */
export async function ingestMessages(deliveries: readonly Delivery[], deps: IngestDeps): Promise<Outcome[]> {
  const started = performance.now();
  const requests = new SharedRequests(deps);
  const [read, done] = partition(
    await Promise.all(deliveries.map((delivery) => readMessage(delivery, deps))),
  );
  const opensRun = (message: ReadMessage) => message.precedence.kind === "new";
  const { admitted, outcomes: deferred } = await deferExcess(read.filter(opensRun), deps);
  const proceeding = [...read.filter((message) => !opensRun(message)), ...admitted];
  const [planned, unplanned] = partition(
    await Promise.all(proceeding.map((message) => planMessage(message, deps))),
  );
  const recorded: Promise<Outcome>[] = [];
  for await (const embedded of embedReceipts(planned, { ...deps, requests })) {
    recorded.push(recordMessage(embedded, deps));
  }
  const outcomes = [...done, ...deferred, ...unplanned, ...(await Promise.all(recorded))];
  countOutcomes(outcomes, deps.metrics);
  deps.log.info("Embed batch done", summary(outcomes, requests.sent, performance.now() - started));
  return outcomes;
}

/** Partitions messages into those to process further and finished outcomes. */
function partition<Message extends ReadMessage>(all: readonly (Message | Outcome)[]): [Message[], Outcome[]] {
  const goesOn = (one: Message | Outcome): one is Message => "delivery" in one;
  return [all.filter(goesOn), all.filter((one): one is Outcome => !goesOn(one))];
}

/** The parsed and validated message, or its outcome if nothing is left to do. */
async function readMessage(delivery: Delivery, deps: IngestDeps): Promise<ReadMessage | Outcome> {
  try {
    const message = parseEmbedMessage(delivery.body);
    const revision = revisionOf(message, delivery.sentTimestamp, maxClockLeadMs);
    const content = await readReceipt(deps.s3, message);
    if (content.repaired.length > 0) {
      deps.log.warn("Rows were repaired before they were embedded", {
        image_id: message.image_id,
        receipt_id: message.receipt_id,
        changed_rows: content.repaired.length,
        changed_examples: content.repaired.slice(0, maxRepairsShown),
      });
    }
    const { model, dimensions } = deps.embedder;
    const receipt = { imageId: message.image_id, receiptId: message.receipt_id };
    const { lines, words } = content.hashes;
    const runId = runIdOf({ ...receipt, linesHash: lines, wordsHash: words, model, dimensions, textFormat });
    const run: RunRef = { ...receipt, runId };
    const stands = await precedence(deps.runs, run, revision);
    if (stands.kind === "superseded") return finished(delivery, run, content, stands.kind, deps.log);
    const { messageId } = delivery;
    return { messageId, delivery, message, revision, content, run, precedence: stands };
  } catch (error) {
    return failed(delivery, error, deps.log);
  }
}

async function planMessage(message: ReadMessage, deps: IngestDeps): Promise<PlannedMessage | Outcome> {
  try {
    const { delivery, run, content, precedence } = message;
    const { vectors, refused } = await withoutStoredDeltas(run, content.vectors, deps);
    // A lost delta of a completed run is created again, because verify and rebuild depend on it.
    if (precedence.kind === "unchanged" && Object.keys(vectors).length === 0) {
      return finished(delivery, run, content, precedence.kind, deps.log);
    }
    const reason = "the provider refused its text in an earlier attempt";
    return {
      ...message,
      textFormat,
      vectors,
      refusedBefore: refused.map((vector) => ({ ...vector, reason })),
    };
  } catch (error) {
    return failed(message.delivery, error, deps.log);
  }
}

/** Both deltas are durable at this point (F1); only now may the run be created. */
async function recordMessage(
  { receipt: message, refused, failure }: EmbeddedReceipt<PlannedMessage>,
  deps: IngestDeps,
): Promise<Outcome> {
  const { delivery, run, revision } = message;
  try {
    if (failure) throw failure;
    const content = withRefused(message.content, [...message.refusedBefore, ...refused]);
    await writeRejectedRows(deps.s3, deps.deltasBucket, run, content.rejected);
    const deltaPrefixes = {
      lines: deltaPrefix({ collection: "lines", ...run }),
      words: deltaPrefix({ collection: "words", ...run }),
    };
    const newRun = { ...run, deltaPrefixes, rejectedRows: content.rejected.length };
    const result = await recordRun(deps, newRun, revision, {
      version: "current" in message.precedence ? versionOf(message.precedence.current) : neverSeen,
      areThere: () => areStored(run, deps),
    });
    return finished(delivery, run, content, result, deps.log);
  } catch (error) {
    return failed(delivery, error, deps.log);
  }
}

/** A row whose text was refused is rejected like an invalid row. */
function withRefused(content: ReceiptContent, refused: readonly RefusedVector[]): ReceiptContent {
  if (refused.length === 0) return content;
  const rows = refused.map(({ collection, id, reason }): RejectedRow => {
    const planned = content.vectors[collection].find((vector) => vector.id === id);
    const row = JSON.stringify(planned?.row ?? null);
    return { file: collection, line_number: content.lineNumbers.get(id) ?? 0, reason, row };
  });
  return { ...content, rejected: [...content.rejected, ...rows] };
}

function finished(
  { messageId }: Delivery,
  run: RunRef,
  content: ReceiptContent,
  result: Recorded,
  log: Log,
): Outcome {
  log.info(outcomeMessage(result), {
    message_id: messageId,
    ...runFields(run),
    lines: content.rowCounts.lines,
    words: content.rowCounts.words,
    rejected_rows: content.rejected.length,
  });
  return { messageId, result, content };
}

function failed(delivery: Delivery, error: unknown, log: Log): Outcome {
  const { message, stack } = error as Error;
  log.error("An embed message failed", {
    message_id: delivery.messageId,
    ...receiptNamedIn(delivery.body),
    ...errorFields(error),
    message_body: delivery.body.slice(0, 1_000),
    ...(!(error instanceof VectorkeepError) && { stack }),
  });
  return {
    messageId: delivery.messageId,
    result: "failed",
    byInput: error instanceof InputError,
    reason: message,
  };
}
