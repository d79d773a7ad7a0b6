import type { Settings } from "../config.ts";

const fiveMinutes = 300;

/** What an alarm says of a metric that the product itself writes, in the name of one of its services. */
export interface OwnMetric {
  /** What the alarm is called. */
  readonly what: string;
  readonly service: string;
  /** Where the service writes the metric for each collection by itself. */
  readonly collection?: "lines" | "words";
  readonly metricName: string;
  readonly statistic: "Sum" | "Maximum" | "Minimum";
  readonly threshold: number;
  /** @default 300, five minutes */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly periods?: number;
  readonly says: string;
  readonly runbook: string;
}

/** Names of services and metrics are those of core/metrics.ts; a test holds the two together. */
export function ownMetrics(
  sweep: Settings["sweep"],
  {
    servesQueries,
    compactsInWorker,
    catchesUp,
  }: { readonly servesQueries: boolean; readonly compactsInWorker: boolean; readonly catchesUp: boolean },
): OwnMetric[] {
  const ofCompaction = { service: "compaction", statistic: "Sum", threshold: 0 } as const;
  const ofSweeper = {
    service: "sweeper",
    statistic: "Maximum",
    // Two sweeps, so that one that comes late is no recovery.
    periodSeconds: Math.max(fiveMinutes, 2 * 60 * sweep.everyMinutes),
    runbook: "stuck-runs",
  } as const;
  const damaged = {
    metricName: "ManifestMismatches",
    statistic: "Sum",
    threshold: 0,
    runbook: "manifest-mismatch",
  } as const;
  return [
    {
      ...ofCompaction,
      what: "lease-lost",
      metricName: "LeasesLost",
      says: "A process that compacted was silent for longer than its lease and published nothing.",
      runbook: "lease-lost",
    },
    {
      ...ofCompaction,
      what: "publish-conflicts",
      metricName: "PublishConflicts",
      says: "A generation was not published, as the head was not the one that it was made from.",
      runbook: "publish-conflicts",
    },
    {
      ...damaged,
      what: "compaction-manifest-mismatch",
      service: "compaction",
      says: "A published generation is not what its manifest says; compaction goes on from an earlier one.",
    },
    {
      ...ofCompaction,
      what: "collection-rebuilt",
      metricName: "GenerationsRebuilt",
      says: "No generation of a collection was sound, and compaction has rebuilt it from its deltas.",
      runbook: "lost-file-system",
    },
    {
      ...ofCompaction,
      what: "receipts-left-out",
      metricName: "ReceiptsLeftOut",
      says: "A collection was rebuilt without receipts whose deltas could not be used.",
      runbook: "lost-file-system",
    },
    ...(compactsInWorker
      ? [
          {
            ...ofCompaction,
            what: "compaction-worker-errors",
            metricName: "WorkerErrors",
            says: "The compaction worker could not take messages, or a cycle of it failed as a whole. Its log says why.",
            runbook: "errors",
          },
        ]
      : []),
    ...(servesQueries
      ? [
          {
            ...damaged,
            what: "query-server-manifest-mismatch",
            service: "query-server",
            says: "A published generation is not what its manifest says; the search stays at the one before it.",
          },
        ]
      : []),
    {
      ...ofSweeper,
      what: "runs-given-up",
      metricName: "RunsGivenUp",
      threshold: 0,
      says: "Runs are FAILED: sending their messages again has not helped. Their receipts are not as they should be.",
    },
    {
      ...ofSweeper,
      what: "runs-open-long",
      metricName: "OldestOpenRunAge",
      threshold: 2 * 60 * sweep.openMinutes,
      says: "A run is open although its messages were sent again.",
    },
    {
      what: "file-system-unaccounted",
      service: "sweeper",
      metricName: "FileSystemBytesUnaccounted",
      // What is being written, and what AWS meters late, is over after some hours.
      statistic: "Minimum",
      periodSeconds: 3600,
      periods: 6,
      threshold: 1024 ** 3,
      says: "For six hours the file system held more than 1 GiB that belongs to no kept generation.",
      runbook: "file-system",
    },
    ...differences(),
    ...(catchesUp
      ? [
          {
            what: "catch-up-tasks-failed",
            service: "catch-up",
            metricName: "CatchUpTasksFailed",
            statistic: "Sum",
            threshold: 0,
            says: "A catch-up task failed as a whole.",
            runbook: "catch-up",
          } as const,
        ]
      : []),
    {
      what: "rows-rejected",
      service: "embed",
      metricName: "RowsRejected",
      statistic: "Sum",
      threshold: 0,
      says: "OCR rows were left out of their receipts, and no search finds them.",
      runbook: "rejected-rows",
    },
    {
      what: "embed-deferring",
      service: "embed",
      metricName: "MessagesDeferred",
      statistic: "Sum",
      threshold: 0,
      periods: 12,
      says: "For an hour more runs were open than may be, and new receipts wait. Compaction does not keep up.",
      runbook: "queue-age",
    },
  ];
}

/** What `npm run verify` found when it was last run. */
function differences(): OwnMetric[] {
  const found = [
    ["vectors-missing", "VectorsMissing", "Vectors are due and not published."],
    ["vectors-extra", "VectorsExtra", "Vectors are published and not due."],
    ["vectors-stale", "VectorsStale", "Vectors show something else than is true."],
    ["receipts-without-delta", "ReceiptsWithoutDelta", "Runs or their deltas are not in storage."],
  ] as const;
  const ofVerify = { service: "verify", statistic: "Sum", threshold: 0 } as const;
  return [
    ...found.map(([what, metricName, says]) => ({
      ...ofVerify,
      what,
      metricName,
      says,
      runbook: "vectors-differ",
    })),
    ...(["lines", "words"] as const).map((collection) => ({
      ...ofVerify,
      what: `vectors-not-found-${collection}`,
      collection,
      metricName: "VectorsNotFound",
      says: `Vectors of ${collection} are published, and a search by their own numbers does not find them.`,
      runbook: "vectors-not-found",
    })),
  ];
}
