import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { PlaceAnswers } from "../../core/merchants/places/place-answers.ts";
import { PlacesBudget } from "../../core/merchants/places/places-budget.ts";
import { PlacesClient } from "../../core/merchants/places/places-client.ts";
import { MerchantStore } from "../../core/merchants/resolve/merchant-store.ts";
import type { ResolveDeps } from "../../core/merchants/resolve/resolve-merchant.ts";
import { SimilarReceipts } from "../../core/merchants/similar/similar-receipts.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { DeliveryDeps } from "../../core/queues/process-deliveries.ts";
import { consumedQueue } from "../../core/queues/queue-config.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import { DynamoRateLimiter } from "../../core/resilience/dynamo-rate-limiter.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { ResolveMerchantConfig } from "./config.ts";

export type ResolveMerchantDeps = ResolveDeps & DeliveryDeps;

/** The dependencies of one invocation with the deadline `giveUpAt` (epoch ms). */
export function resolveMerchantDeps(
  config: ResolveMerchantConfig,
  { log, metrics }: Telemetry,
): (giveUpAt: number) => Promise<ResolveMerchantDeps> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const { RECEIPTS_TABLE: receiptsTable, CONTROL_TABLE: controlTable } = config;
  const shared = {
    runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
    deltas: new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET),
    store: new MerchantStore({ client, receiptsTable, controlTable, now: () => new Date() }),
    threshold: config.THRESHOLD_PERCENT / 100,
    queue: consumedQueue(config, log),
    log,
    metrics,
  };
  const placesFor = placesUntil(config, client);
  return async (giveUpAt) => ({
    ...shared,
    similar: await similarOf(config, giveUpAt),
    places: await placesFor(giveUpAt),
  });
}

async function similarOf({ SEARCH_URL, SEARCH_API_KEY_SECRET }: ResolveMerchantConfig, giveUpAt: number) {
  if (SEARCH_URL === undefined || SEARCH_API_KEY_SECRET === undefined) return undefined;
  return new SimilarReceipts({
    url: SEARCH_URL,
    apiKey: await readSecret(SEARCH_API_KEY_SECRET, "query:apiKey"),
    giveUpAt,
    clock: systemClock,
  });
}

function placesUntil(config: ResolveMerchantConfig, client: DynamoDBDocumentClient) {
  const { CONTROL_TABLE: controlTable, PLACES_BASE_URL: baseUrl, PLACES_API_KEY_SECRET: secret } = config;
  const limiter = new DynamoRateLimiter({
    client,
    controlTable,
    account: `${new URL(baseUrl).host}#places`,
    requestsPerMinute: config.PLACES_REQUESTS_PER_MINUTE,
    // The budget counts one token per request.
    tokensPerMinute: config.PLACES_REQUESTS_PER_MINUTE,
  });
  const now = Date.now;
  const shared = {
    answers: new PlaceAnswers({ client, controlTable, days: config.PLACES_CACHE_DAYS, now }),
    budget: new PlacesBudget({
      client,
      controlTable,
      usdPerDay: config.USD_PER_DAY,
      usdPerPlace: config.USD_PER_THOUSAND_PLACES / 1_000,
      now,
    }),
  };
  return async (giveUpAt: number) => {
    if (secret === undefined) return undefined;
    const apiKey = await readSecret(secret, "merchants:placesApiKey");
    return {
      ...shared,
      client: new PlacesClient({ baseUrl, apiKey, limiter, giveUpAt, clock: systemClock }),
    };
  };
}
