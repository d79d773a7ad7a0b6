import type { ShardName } from "../../../contract/collections.ts";
import {
  type ChangeMessageBody,
  changeMessageBody,
  isRemoval,
  type RemovalBody,
  receiptOf,
} from "../../entities/change-message.ts";
import { problems } from "../../receipts/problems.ts";
import { fiveDigits, receiptKey } from "../../receipts/receipt.ts";
import { holdsImage } from "../../receipts/shards.ts";
import type { Removal, RemovedPart } from "../../runs/current-run.ts";
import { linkToCauses } from "../../tracing/span.ts";
import type { QueuedMessage } from "./collection-queue.ts";
import type { FailedMessages } from "./failed-messages.ts";
import type { ReceiptWork, RunWork } from "./receipt-work.ts";

/** DynamoDB rounds a record's time down to the second: the removal happened by the end of it. */
const roundedMs = 999;

interface Gathered extends ReceiptWork {
  isDoubted: boolean;
  readonly runs: (RunWork & { messages: QueuedMessage[] })[];
  readonly removals: Removal[];
  readonly changeMessages: QueuedMessage[];
}

/**
 * What the messages say, by receipt: many messages of one are one piece of work. A message fails that cannot be read,
 * or that speaks of another shard's receipt, which would then be in both.
 */
export async function readMessages(
  shard: ShardName,
  received: readonly QueuedMessage[],
  failed: FailedMessages,
): Promise<ReceiptWork[]> {
  const byReceipt = new Map<string, Gathered>();
  const causes = new Set<string | undefined>();
  for (const message of received) {
    const body = parseBody(message.body);
    if (typeof body === "string") {
      await failed.withoutRun(message, `The change message is not usable: ${body}.`);
      continue;
    }
    causes.add(body.traceparent);
    const receipt = receiptOf(body);
    if (!holdsImage(shard, receipt.imageId)) {
      await failed.withoutRun(message, `The image ${receipt.imageId} is in another shard than ${shard}.`);
      continue;
    }
    const key = receiptKey(receipt);
    const work = byReceipt.get(key) ?? {
      receipt,
      runs: [],
      removals: [],
      changeMessages: [],
      isDoubted: false,
    };
    byReceipt.set(key, work);
    if (body.entity_type === "COMPACTION_RUN") {
      const { run_id: runId, delta_prefix: deltaPrefix } = body.entity_data;
      addRun(work, { run: { ...receipt, runId }, deltaPrefix, messages: [message] });
      continue;
    }
    if (isRemoval(body)) work.removals.push(removalOf(body));
    if (isLookAgain(body)) work.isDoubted = true;
    work.changeMessages.push(message);
  }
  linkToCauses(causes);
  return [...byReceipt.values()];
}

/** The body, or what is wrong with it. */
function parseBody(body: string) {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return `the body is not JSON (${(error as Error).message})`;
  }
  const parsed = changeMessageBody.safeParse(value);
  return parsed.success ? parsed.data : problems(parsed.error).join("; ");
}

/** No stream record said that something has changed: it is sent by `RunQueues.lookAgain`. */
function isLookAgain({ entity_type, event_name, stream_record_id }: ChangeMessageBody): boolean {
  return entity_type === "RECEIPT_METADATA" && event_name === "MODIFY" && stream_record_id === null;
}

function addRun({ runs }: Gathered, work: RunWork & { messages: QueuedMessage[] }): void {
  const known = runs.find(
    ({ run, deltaPrefix }) => run.runId === work.run.runId && deltaPrefix === work.deltaPrefix,
  );
  if (known) known.messages.push(...work.messages);
  else runs.push(work);
}

function removalOf(body: RemovalBody): Removal {
  return { part: removedPart(body), revision: Date.parse(body.timestamp) + roundedMs };
}

function removedPart(body: RemovalBody): Removal["part"] {
  if (body.entity_type === "RECEIPT") return "RECEIPT";
  const line: RemovedPart = `LINE#${fiveDigits(body.entity_data.line_id)}`;
  if (body.entity_type === "RECEIPT_LINE") return line;
  return `${line}#WORD#${fiveDigits(body.entity_data.word_id)}`;
}
