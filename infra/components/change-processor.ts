import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type FieldVariable, typesWithFields, watchedEntities } from "../../contract/watched-entities.ts";
import type { streamProcessorConfig } from "../../functions/stream-processor/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import {
  changeFilters,
  changeFiltersByType,
  publishedRunFilter,
  settledRunFilters,
} from "./change-filters.ts";
import { urlsOf } from "./collection-queues.ts";
import type { Compaction } from "./compaction.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { environmentOf } from "./environment.ts";
import { list, putObjects, readStream, sendTo } from "./permissions.ts";
import type { Storage } from "./storage.ts";

/** Lambda writes discarded records under this fixed prefix, in a folder per mapping. */
const givenUpFolder = "aws/lambda/";

const maxRecordAgeSeconds = 20 * 3600;

export interface ChangeProcessorArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["stream"];
  readonly storage: Storage;
  /** Owner of the queues to which changes go. */
  readonly compaction: Compaction;
  /** The queue for runs that are published in `lines`. @default nowhere */
  readonly publishedRuns?: aws.sqs.Queue | undefined;
  /** The queue for runs that are COMPLETED or FAILED in a collection. @default nowhere */
  readonly settledRuns?: aws.sqs.Queue | undefined;
  readonly defaults: FunctionDefaults;
}

/**
 * Turns the records of the receipts table's stream into messages.
 * A malformed record goes to the rejected queue; records that an outage delays for 20 hours go to S3 as they are.
 */
export class ChangeProcessor extends pulumi.ComponentResource {
  readonly streamProcessor: BundledFunction;
  readonly rejected: aws.sqs.Queue;
  readonly mapping: aws.lambda.EventSourceMapping;
  /** Prefix of discarded records in the deltas bucket. */
  readonly givenUpPrefix: pulumi.Output<string>;

  constructor(name: string, args: ChangeProcessorArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ChangeProcessor", name, {}, options);
    const stem = name.replace(/-change-processor$/, "");
    const inside = { parent: this };
    const { settings, storage, publishedRuns, settledRuns } = args;
    const newsQueues = [publishedRuns, settledRuns].filter((queue) => queue !== undefined);
    const { lines, words } = args.compaction;

    this.rejected = new DeadLetterQueue(`${stem}-stream-rejected`, { fifo: false }, inside).queue;
    this.streamProcessor = new BundledFunction(
      `${stem}-stream-processor`,
      {
        ...args.defaults,
        description: "Turns changes of the receipts table into messages for the collections",
        code: args.code,
        // A batch needs milliseconds. A stuck one is redelivered after this time and then no longer blocks its stream shard.
        timeoutSeconds: 60,
        memoryMiB: 256,
        environment: environmentOf<typeof streamProcessorConfig>({
          LINES_QUEUE_URLS: urlsOf(lines.queues),
          WORDS_QUEUE_URLS: urlsOf(words.queues),
          STREAM_REJECTED_QUEUE_URL: this.rejected.url,
          PUBLISHED_RUNS_QUEUE_URL: publishedRuns?.url ?? "",
          SETTLED_RUNS_QUEUE_URL: settledRuns?.url ?? "",
          WATCHED_ENTITIES: settings.entities.join(","),
          ...fieldVariables(settings),
        }),
        statements: [
          ...readStream(storage.receipts),
          sendTo(...lines.queues, ...words.queues, this.rejected, ...newsQueues),
          list(storage.deltas),
          putObjects(storage.deltas, givenUpFolder),
        ],
      },
      inside,
    );
    this.mapping = new aws.lambda.EventSourceMapping(
      `${stem}-stream-processor`,
      {
        eventSourceArn: storage.receipts.streamArn,
        functionName: this.streamProcessor.function.arn,
        startingPosition: settings.startingPosition,
        batchSize: settings.batchSize,
        maximumBatchingWindowInSeconds: settings.windowSeconds,
        parallelizationFactor: settings.parallelizationFactor,
        functionResponseTypes: ["ReportBatchItemFailures"],
        bisectBatchOnFunctionError: true,
        // The function itself rejects poison records, so a failed batch is an outage: it is retried, short of the day after
        // which DynamoDB drops a record.
        maximumRetryAttempts: -1,
        maximumRecordAgeInSeconds: maxRecordAgeSeconds,
        destinationConfig: { onFailure: { destinationArn: storage.deltas.arn } },
        filterCriteria: {
          filters: [...filtersOf(settings), ...newsFilters(args)].map((filter) => ({
            pattern: JSON.stringify(filter),
          })),
        },
        // Lambda discards records without invoking the function: only these metrics show it.
        metricsConfig: { metrics: ["EventCount"] },
      },
      inside,
    );
    this.givenUpPrefix = pulumi.interpolate`${givenUpFolder}${this.mapping.uuid}/`;
    this.registerOutputs();
  }
}

/** The watched fields of each entity that has any. */
function fieldVariables(settings: Settings["stream"]): Record<FieldVariable, string> {
  const variables = typesWithFields.map((type) => {
    const { setting, variable } = watchedEntities[type].watch;
    return [variable, settings[setting].join(",")] as const;
  });
  return Object.fromEntries(variables) as Record<FieldVariable, string>;
}

function newsFilters({ publishedRuns, settledRuns }: ChangeProcessorArgs): readonly object[] {
  if (settledRuns !== undefined) return settledRunFilters;
  return publishedRuns === undefined ? [] : [publishedRunFilter];
}

function filtersOf({ filterByType, entities }: Settings["stream"]): readonly object[] {
  return filterByType ? changeFiltersByType(entities) : changeFilters;
}
