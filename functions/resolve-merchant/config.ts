import * as z from "zod";
import { queueConfig } from "../../core/queues/queue-config.ts";
import { emptyIsNone, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function. */
export const resolveMerchantConfig = z.object({
  ...queueConfig,
  RECEIPTS_TABLE: z.string().min(1),
  CONTROL_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
  THRESHOLD_PERCENT: wholeNumber(1, 100),
  /** Empty in a stack without a search API. */
  SEARCH_URL: emptyIsNone,
  SEARCH_API_KEY_SECRET: emptyIsNone,
  PLACES_BASE_URL: z.url(),
  /** Empty in a stack without a key for Google Places. */
  PLACES_API_KEY_SECRET: emptyIsNone,
  PLACES_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000),
  PLACES_CACHE_DAYS: wholeNumber(1, 365),
  USD_PER_THOUSAND_PLACES: z.coerce.number().min(0),
  /** 0 means no limit. */
  USD_PER_DAY: z.coerce.number().min(0),
});

export type ResolveMerchantConfig = z.infer<typeof resolveMerchantConfig>;
