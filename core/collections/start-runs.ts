import { problems } from "../receipts/problems.ts";
import { type Collection, receiptKey } from "../receipts/receipt.ts";
import { runMessageBody } from "../runs/run-message.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { QueuedMessage } from "./collection-queue.ts";
import type { FailedMessages } from "./failed-messages.ts";
import { inParallel } from "./in-parallel.ts";
import { LeaseLost } from "./lease.ts";
import type { MessagesInFlight } from "./messages-in-flight.ts";
import type { RunWork } from "./run-work.ts";

const receiptsAtOnce = 16;

export interface RunWorkPorts {
  readonly token: number;
  readonly runs: RunStore;
  readonly messages: MessagesInFlight;
  readonly failed: FailedMessages;
}

/**
 * Reads what the messages ask for and starts their runs. Resolves to the runs whose deltas have to be applied, at most
 * one a receipt; all others are finished here: those completed before, those that are no more the receipt's current
 * run (completed with no vectors) and messages that cannot be read (failed). Throws LeaseLost.
 */
export async function startRuns(
  ports: RunWorkPorts,
  collection: Collection,
  received: readonly QueuedMessage[],
): Promise<RunWork[]> {
  const byReceipt = Map.groupBy(await readMessages(ports, received), ({ run }) => receiptKey(run));
  const toApply: RunWork[] = [];
  await inParallel(byReceipt.values(), receiptsAtOnce, async (works) => {
    toApply.push(...(await startReceipt(ports, collection, works)));
  });
  return toApply;
}

async function readMessages(ports: RunWorkPorts, received: readonly QueuedMessage[]): Promise<RunWork[]> {
  const byRun = new Map<string, RunWork & { messages: QueuedMessage[] }>();
  for (const message of received) {
    const body = parseBody(message.body);
    if (typeof body === "string") {
      await ports.failed.withoutRun(message, `The change message is not usable: ${body}.`);
      continue;
    }
    const { image_id, receipt_id, run_id, delta_prefix } = body.entity_data;
    const run = { imageId: image_id, receiptId: receipt_id, runId: run_id };
    const key = JSON.stringify([run, delta_prefix]);
    const known = byRun.get(key);
    if (known) known.messages.push(message);
    else byRun.set(key, { run, deltaPrefix: delta_prefix, messages: [message] });
  }
  return [...byRun.values()];
}

/** The body, or what is wrong with it. */
function parseBody(body: string) {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return `the body is not JSON (${(error as Error).message})`;
  }
  const parsed = runMessageBody.safeParse(value);
  return parsed.success ? parsed.data : problems(parsed.error).join("; ");
}

/**
 * Starts the receipt's runs and only then reads which one counts: a run that is made current again after this read
 * is re-opened too, and then a completion under the earlier start is refused.
 */
async function startReceipt(
  ports: RunWorkPorts,
  collection: Collection,
  works: readonly RunWork[],
): Promise<RunWork[]> {
  const { token, runs, messages, failed } = ports;
  const started: RunWork[] = [];
  const missing: RunWork[] = [];
  for (const work of works) {
    const answer = await runs.start(work.run, collection, token);
    if (answer === "fenced") {
      throw new LeaseLost(collection, token, `run ${work.run.runId} is held under a higher token`);
    }
    if (answer === "started") started.push(work);
    if (answer === "completed") messages.finish(work.messages);
    if (answer === "missing") missing.push(work);
  }
  if (started.length + missing.length === 0) return [];

  const [first] = works;
  const current = first && (await runs.current(first.run));
  const counts = ({ run }: RunWork) => current?.state === "ACTIVE" && current.runId === run.runId;
  for (const work of started.filter((work) => !counts(work))) {
    if (current) {
      await runs.complete(work.run, collection, token, 0);
      messages.finish(work.messages);
    } else {
      await failed.ofRun(work, "The control table does not say which run of the receipt counts.");
    }
  }
  for (const work of missing) {
    if (current && !counts(work)) messages.finish(work.messages);
    else await failed.ofMissingRun(work, "The receipts table has no such run.");
  }
  return started.filter(counts);
}
