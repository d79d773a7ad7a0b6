import { tmpdir } from "node:os";
import { join } from "node:path";
import { Logger } from "@aws-lambda-powertools/logger";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { monotonicClock } from "../../core/collections/clock.ts";
import { type CycleParts, runCycle } from "../../core/collections/cycle.ts";
import type { Collection } from "../../core/receipts/receipt.ts";
import { readSettings } from "./environment.ts";
import { collectionOf, queuedMessage } from "./event.ts";
import { cycleParts } from "./parts.ts";

/** The platform's own end of an invocation must never come first. */
const reserveMs = 2_000;

const settings = readSettings();
const log = new Logger({ serviceName: "compaction" });
/** What a warm process keeps between invocations, its copies of the generations above all. */
const warm = new Map<Collection, CycleParts>();

/** A mapping delivers messages of one queue, so of one collection. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const deadline = monotonicClock.now() + context.getRemainingTimeInMillis() - reserveMs;
  const collection = collectionOf(event, settings);
  const parts =
    warm.get(collection) ??
    cycleParts(collection, settings, {
      library: join(import.meta.dirname, "chroma.node"),
      scratch: tmpdir(),
      clock: monotonicClock,
      log,
    });
  warm.set(collection, parts);
  const comeAgain = await runCycle(parts, event.Records.map(queuedMessage), deadline);
  return { batchItemFailures: comeAgain.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
