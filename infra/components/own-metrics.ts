import { type Collection, collections } from "../../contract/collections.ts";
import type { MeasuredService, MetricName, MetricOf } from "../../contract/metrics.ts";
import type { Settings } from "../config.ts";

const fiveMinutes = 300;
const oneDay = 86_400;
const maxMirrorSeconds = 900;

/** An alarm on a metric that the product itself writes, under the name of one of its services. */
export interface OwnMetric {
  /** Name of the alarm. */
  readonly what: string;
  readonly service: MeasuredService;
  /** Set if the service writes the metric separately for each collection. */
  readonly collection?: Collection;
  readonly metricName: MetricName;
  readonly statistic: "Sum" | "Maximum" | "Minimum";
  readonly threshold: number;
  /** @default 300, five minutes */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly periods?: number;
  /** Whether missing data breaches. @default false */
  readonly isNeeded?: boolean;
  readonly says: string;
  readonly runbook: string;
}

export function ownMetrics(
  sweep: Settings["sweep"],
  {
    searchHost,
    searchesMirror,
    compactsInWorker,
    catchesUp,
    imageWatchHours,
    takesBulkJobs,
    findsMerchants,
    mirrors,
    snapshotsEveryMinutes,
  }: {
    readonly searchHost: Settings["query"]["host"] | undefined;
    readonly searchesMirror: boolean;
    readonly compactsInWorker: boolean;
    readonly catchesUp: boolean;
    /** Undefined without the image flow. */
    readonly imageWatchHours: number | undefined;
    readonly takesBulkJobs: boolean;
    readonly findsMerchants: boolean;
    readonly mirrors: boolean;
    /** Undefined if no schedule exports. */
    readonly snapshotsEveryMinutes: number | undefined;
  },
): OwnMetric[] {
  const ofCompaction = { statistic: "Sum", threshold: 0 } as const;
  const ofSweeper = {
    statistic: "Maximum",
    // Two sweeps, so that a late one does not clear the alarm.
    periodSeconds: Math.max(fiveMinutes, 2 * 60 * sweep.everyMinutes),
    runbook: "stuck-runs",
  } as const;
  const corrupt = {
    statistic: "Sum",
    threshold: 0,
    runbook: "manifest-mismatch",
  } as const;
  return [
    {
      ...ofCompaction,
      what: "lease-lost",
      ...metric("compaction", "LeasesLost"),
      says: "A compaction process lost its lease during a cycle and published nothing. Its messages are redelivered.",
      runbook: "lease-lost",
    },
    {
      ...ofCompaction,
      what: "publish-conflicts",
      ...metric("compaction", "PublishConflicts"),
      says: "A generation was not published because another process had moved the head (publish conflict).",
      runbook: "publish-conflicts",
    },
    {
      ...ofCompaction,
      what: "folds-failed",
      ...metric("compaction", "FoldsFailed"),
      // A failed fold is retried every five minutes or sooner; a single failure is transient.
      threshold: 1,
      periodSeconds: 3 * fiveMinutes,
      says: "Folds fail again and again, so no base is written. Changes are published; new receipts wait at some point.",
      runbook: "folds-failed",
    },
    {
      ...corrupt,
      what: "compaction-manifest-mismatch",
      ...metric("compaction", "ManifestMismatches"),
      says: "A published generation does not match its manifest. Compaction falls back to an earlier generation.",
    },
    {
      ...ofCompaction,
      what: "collection-rebuilt",
      ...metric("compaction", "GenerationsRebuilt"),
      says: "Every generation of a shard was corrupt or missing. Compaction rebuilt the shard from its deltas.",
      runbook: "lost-file-system",
    },
    {
      ...ofCompaction,
      what: "receipts-left-out",
      ...metric("compaction", "ReceiptsLeftOut"),
      says: "A shard was rebuilt without some receipts because their deltas are missing or unreadable.",
      runbook: "lost-file-system",
    },
    ...(compactsInWorker
      ? [
          {
            ...ofCompaction,
            what: "compaction-worker-errors",
            ...metric("compaction", "WorkerErrors"),
            says: "The compaction worker could not receive messages, or a cycle failed. Its log has the reason.",
            runbook: "errors",
          },
        ]
      : []),
    ...(searchHost ? searchMetrics(searchHost, searchesMirror) : []),
    {
      ...ofSweeper,
      what: "runs-given-up",
      ...metric("sweeper", "RunsGivenUp"),
      threshold: 0,
      says: "Runs were marked FAILED after several redrives. The vectors of their receipts are stale or missing.",
    },
    {
      ...ofSweeper,
      what: "runs-open-long",
      ...metric("sweeper", "OldestOpenRunAge"),
      threshold: 2 * 60 * sweep.openMinutes,
      says: "A run is still open although its messages were sent again.",
    },
    {
      what: "file-system-unaccounted",
      ...metric("sweeper", "FileSystemBytesUnaccounted"),
      // Writes in progress and AWS's metering delay resolve within hours.
      statistic: "Minimum",
      periodSeconds: 3600,
      periods: 6,
      threshold: 1024 ** 3,
      says: "The file system has held more than 1 GiB of files outside the kept generations for six hours.",
      runbook: "file-system",
    },
    ...differences(),
    ...(catchesUp
      ? [
          {
            what: "catch-up-tasks-failed",
            ...metric("catch-up", "CatchUpTasksFailed"),
            statistic: "Sum",
            threshold: 0,
            says: "A catch-up task failed.",
            runbook: "catch-up",
          } as const,
          {
            what: "catch-up-batch-age",
            ...metric("catch-up", "CatchUpBatchAge"),
            statistic: "Maximum",
            threshold: 86_400,
            says: "A batch of catch-up is older than the 24 hours within which OpenAI ends it.",
            runbook: "catch-up",
          } as const,
          {
            what: "catch-up-batches-fallen-back",
            ...metric("catch-up", "CatchUpBatchTextsFallenBack"),
            statistic: "Sum",
            threshold: 0,
            says: "Batches of catch-up expired or failed in part; the rest of their texts is paid at the usual price.",
            runbook: "catch-up",
          } as const,
        ]
      : []),
    ...(takesBulkJobs ? bulkMetrics() : []),
    ...(imageWatchHours === undefined ? [] : imageMetrics(imageWatchHours)),
    ...(findsMerchants
      ? [
          {
            what: "merchant-budget-spent",
            ...metric("resolve-merchant", "PlacesBudgetSpent"),
            statistic: "Sum",
            threshold: 0,
            says: "Today's budget of Google Places (merchants:usdPerDay) is spent. Receipts wait for the next day (UTC).",
            runbook: "merchants",
          } as const,
        ]
      : []),
    ...(mirrors ? mirrorMetrics(ofSweeper.periodSeconds) : []),
    ...(snapshotsEveryMinutes === undefined ? [] : exports(snapshotsEveryMinutes)),
    {
      what: "rows-rejected",
      ...metric("embed", "RowsRejected"),
      statistic: "Sum",
      threshold: 0,
      says: "OCR rows were rejected, so search does not find them.",
      runbook: "rejected-rows",
    },
    {
      what: "embed-deferring",
      ...metric("embed", "MessagesDeferred"),
      statistic: "Sum",
      threshold: 0,
      periods: 12,
      says: "New receipts have been deferred for an hour because too many runs are open. Compaction does not keep up.",
      runbook: "queue-age",
    },
  ];
}

/** A metric under the name of the service that writes it. */
function metric<Service extends MeasuredService>(service: Service, metricName: MetricOf<Service>) {
  return { service, metricName };
}

/** An export that fails is behind, and one that never runs writes nothing. One success of three is enough. */
function exports(everyMinutes: number): OwnMetric[] {
  const seconds = Math.max(fiveMinutes, 3 * 60 * everyMinutes);
  const periods = Math.ceil(seconds / oneDay);
  return collections.map((collection) => ({
    what: `snapshot-overdue-${collection}`,
    ...metric("export-snapshot", "SnapshotSecondsBehind"),
    collection,
    statistic: "Minimum",
    threshold: 0,
    periodSeconds: Math.min(seconds, oneDay),
    ...(periods > 1 && { periods }),
    isNeeded: true,
    says: `Three exports of ${collection} have failed or not run, so other readers see an old state.`,
    runbook: "snapshots",
  }));
}

function searchMetrics(host: Settings["query"]["host"], searchesMirror: boolean): OwnMetric[] {
  const [name, answering, opening] =
    host === "lambda"
      ? (["search", "search", "search-shard"] as const)
      : (["query-server", "query-server", "query-server"] as const);
  const who = host === "lambda" ? "The search functions serve" : "The query server serves";
  const ofSearch = { statistic: "Sum", threshold: 0 } as const;
  const unanswered = {
    ...ofSearch,
    what: `${name}-unanswered`,
    ...metric(answering, "SearchesUnanswered"),
    periods: 3,
    says: "Searches have had no answer for 15 minutes: the embedding provider, or a shard, does not answer.",
    runbook: "searches-unanswered",
  };
  // The mirror opens no generation.
  if (searchesMirror) return [unanswered];
  return [
    {
      ...ofSearch,
      what: `${name}-manifest-mismatch`,
      ...metric(opening, "ManifestMismatches"),
      says: `A published generation does not match its manifest. ${who} the previous one where there is one.`,
      runbook: "manifest-mismatch",
    },
    {
      ...ofSearch,
      what: `${name}-generations-refused`,
      ...metric(opening, "GenerationsRefused"),
      says: "A published generation is of another embedding model, or larger than query:lambdaMaxVectors. Searches do not show it.",
      runbook: "generations-refused",
    },
    unanswered,
  ];
}

/** Findings of the last `npm run verify`. */
function differences(): OwnMetric[] {
  const found = [
    [
      "vectors-missing",
      "VectorsMissing",
      "Vectors are missing from a published collection (found by `npm run verify`).",
    ],
    [
      "vectors-extra",
      "VectorsExtra",
      "A published collection has extra vectors (found by `npm run verify`).",
    ],
    [
      "vectors-stale",
      "VectorsStale",
      "Vectors of a published collection are stale (found by `npm run verify`).",
    ],
    [
      "receipts-without-delta",
      "ReceiptsWithoutDelta",
      "The run or the delta of a receipt is missing from storage (found by `npm run verify`).",
    ],
  ] as const;
  const ofVerify = { statistic: "Sum", threshold: 0 } as const;
  return [
    ...found.map(([what, metricName, says]) => ({
      ...ofVerify,
      what,
      ...metric("verify", metricName),
      says,
      runbook: "vectors-differ",
    })),
    ...collections.map((collection) => ({
      ...ofVerify,
      what: `vectors-not-found-${collection}`,
      collection,
      ...metric("verify", "VectorsNotFound"),
      says: `Vectors of ${collection} are published, and a search by their own numbers does not find them.`,
      runbook: "vectors-not-found",
    })),
  ];
}

/** The sweeper measures the lag, because the function that is behind may not run at all. */
function mirrorMetrics(periodSeconds: number): OwnMetric[] {
  return [
    {
      what: "mirror-behind",
      ...metric("sweeper", "MirrorSecondsBehind"),
      statistic: "Maximum",
      periodSeconds,
      threshold: maxMirrorSeconds,
      says: "The mirror has not contained what is published for 15 minutes. Searches of the mirror show an old state.",
      runbook: "mirror",
    },
    {
      what: "mirror-vectors-refused",
      ...metric("mirror", "MirrorVectorsRefused"),
      statistic: "Sum",
      threshold: 0,
      says: "S3 Vectors refused vectors because of their content, so the mirror does not have them.",
      runbook: "mirror",
    },
  ];
}

function bulkMetrics(): OwnMetric[] {
  const gauge = { statistic: "Maximum", runbook: "bulk" } as const;
  return [
    {
      ...gauge,
      what: "bulk-tasks-pending",
      ...metric("bulk", "BulkTasksPending"),
      threshold: 100,
      says: "More than 100 tasks of the bulk API wait for a worker.",
    },
    {
      ...gauge,
      what: "bulk-no-worker",
      ...metric("bulk", "BulkJobsWithoutWorker"),
      threshold: 0,
      says: "Jobs of the bulk API wait, and no worker has been heard of for 15 seconds.",
    },
    {
      ...gauge,
      what: "bulk-task-age",
      ...metric("bulk", "BulkOldestJobAge"),
      threshold: 900,
      says: "A task of the bulk API has waited for a worker for more than 15 minutes.",
    },
    {
      ...gauge,
      what: "bulk-broker-memory",
      ...metric("bulk", "BulkBrokerMemoryPercent"),
      threshold: 80,
      says: "The broker of the bulk API uses more than 80 % of its memory. It evicts nothing: once it is full, it takes no jobs.",
    },
    {
      what: "bulk-tasks-failed",
      ...metric("bulk", "CatchUpTasksFailed"),
      statistic: "Sum",
      threshold: 0,
      says: "A task of the bulk API failed.",
      runbook: "bulk",
    },
  ];
}

function imageMetrics(watchHours: number): OwnMetric[] {
  const common = { statistic: "Sum", threshold: 0, runbook: "images" } as const;
  return [
    {
      ...common,
      what: "images-rejected",
      service: "image-processor",
      metricName: "ImagesRejected",
      says: "Uploaded files are no images, or too large. `npm run failed` lists them with their reasons.",
    },
    {
      ...common,
      what: "image-analyses-refused",
      service: "image-analyzer",
      metricName: "AnalysesRefused",
      says: "A vision model refused images, or its answers were no analyses. They were paid for and not stored.",
    },
    {
      ...common,
      what: "images-unfinished",
      service: "image-watch",
      metricName: "ImagesUnfinished",
      statistic: "Maximum",
      // Two counts, so that a late one does not clear the alarm.
      periodSeconds: 2 * 3600 * watchHours,
      says: "Images have no analysis or no vector long after their upload. `npm run verify -- images` names them.",
    },
    {
      ...common,
      what: "image-budget-spent",
      service: "image-analyzer",
      metricName: "AnalysesDeferred",
      says: "Today's budget of the image flow (images:usdPerDay) is spent. Images wait for the next day (UTC).",
    },
  ];
}
