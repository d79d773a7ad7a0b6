import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { resolveMerchantConfig } from "../../functions/resolve-merchant/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { consumeQueue, letResend } from "./consume-queue.ts";
import { environmentOf } from "./environment.ts";
import { consume, itemsOf, list, readObjects, readSecrets, sendTo } from "./permissions.ts";
import { QueueWithDlq } from "./queue-with-dlq.ts";
import type { Storage } from "./storage.ts";
import { StoredSecret } from "./stored-secret.ts";

const timeoutSeconds = 120;
/** With the back-off between them, the receives span most of a day. */
const maxReceiveCount = 50;

export interface MerchantResolverArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["merchants"];
  readonly storage: Storage;
  /** Undefined in a stack without a search API. */
  readonly search: { readonly url: pulumi.Output<string>; readonly apiKey: StoredSecret } | undefined;
  readonly defaults: FunctionDefaults;
}

/** Finds the merchants of published receipts: a queue of runs, and a function outside the VPC, since Google has no endpoint there. */
export class MerchantResolver extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;
  readonly resolver: BundledFunction;

  constructor(name: string, args: MerchantResolverArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:MerchantResolver", name, {}, options);
    const inside = { parent: this };
    const { settings, storage, search } = args;
    const { queue, deadLetters } = new QueueWithDlq(
      name,
      { fifo: false, consumerTimeoutSeconds: timeoutSeconds, windowSeconds: 0, maxReceiveCount },
      inside,
    );
    this.queue = queue;
    this.deadLetters = deadLetters;
    const placesApiKey =
      settings.placesApiKey &&
      new StoredSecret(
        `${name}-places-api-key`,
        { description: "API key of Google Places", value: settings.placesApiKey },
        inside,
      );
    const secrets = [placesApiKey, search?.apiKey].filter((one) => one !== undefined);
    this.resolver = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Finds the merchants of published receipts",
        code: args.code,
        timeoutSeconds,
        memoryMiB: 512,
        environment: environmentOf<typeof resolveMerchantConfig>({
          QUEUE_URL: queue.url,
          DEAD_LETTER_QUEUE_URL: deadLetters.url,
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          DELTAS_BUCKET: storage.deltas.name,
          THRESHOLD_PERCENT: String(settings.thresholdPercent),
          SEARCH_URL: search?.url ?? "",
          SEARCH_API_KEY_SECRET: search?.apiKey.name ?? "",
          PLACES_BASE_URL: settings.placesBaseUrl,
          PLACES_API_KEY_SECRET: placesApiKey?.name ?? "",
          PLACES_REQUESTS_PER_MINUTE: String(settings.requestsPerMinute),
          PLACES_CACHE_DAYS: String(settings.cacheDays),
          USD_PER_THOUSAND_PLACES: String(settings.usdPerThousandPlaces),
          USD_PER_DAY: String(settings.usdPerDay),
        }),
        statements: [
          itemsOf(storage.receipts, ["ConditionCheckItem", "GetItem", "PutItem", "Query"], ["IMAGE#*"]),
          itemsOf(storage.control, ["GetItem"], ["RECEIPT#*"]),
          itemsOf(
            storage.control,
            ["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
            ["LIMITER#*", "MERCHANT_PROPOSALS", "PLACES#*"],
          ),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/lines/"),
          consume(queue),
          sendTo(queue, deadLetters),
          ...(secrets.length > 0 ? [readSecrets(...secrets)] : []),
        ],
        after: secrets.map(({ version }) => version),
      },
      inside,
    );
    const { maximumConcurrency } = settings;
    consumeQueue(name, { queue, consumer: this.resolver, batchSize: 10, maximumConcurrency }, inside);
    // A message may wait for days for a budget.
    letResend(name, this.resolver, inside);
    this.registerOutputs();
  }
}
