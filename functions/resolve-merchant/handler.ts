import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { resolveDeliveries } from "../../core/merchants/resolve/resolve-deliveries.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
import { resolveMerchantConfig } from "./config.ts";
import { resolveMerchantDeps } from "./deps.ts";

/** Finds the merchants of published receipts. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "resolve-merchant",
  metrics: "resolve-merchant",
  config: resolveMerchantConfig,
  deps: resolveMerchantDeps,
  // For storing the merchant and an answer that is already paid for.
  reserveMs: 10_000,
  async handle(event: SQSEvent, depsFor, { giveUpAt }): Promise<SQSBatchResponse> {
    return batchResponse(await resolveDeliveries(deliveriesOf(event), await depsFor(giveUpAt)));
  },
});
