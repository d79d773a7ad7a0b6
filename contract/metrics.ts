/** Every metric of the product, by the service that writes it. Alarms use these names. */
export const metricsOf = {
  embed: ["MessagesDeferred", "MessagesSuperseded", "RowsRejected"],
  "stream-processor": [
    "RecordsReceived",
    "RecordsSkipped",
    "RecordsOfOthers",
    "RecordsRelevant",
    "RecordsRejected",
    "MessagesSent",
    "MessagesRefused",
  ],
  compaction: [
    "BasesWritten",
    "CyclesContended",
    "CyclesFailed",
    "FoldsFailed",
    "GenerationsPublished",
    "GenerationsRebuilt",
    "LeasesLost",
    "ManifestMismatches",
    "MessagesDeadLettered",
    "MessagesHeldBack",
    "PublishConflicts",
    "ReceiptsLeftOut",
    "VectorsRemoved",
    "VectorsUpdated",
    "VectorsWritten",
    "WorkerErrors",
  ],
  sweeper: [
    "DeltasRemoved",
    "FileSystemBytes",
    "FileSystemBytesUnaccounted",
    "OldestOpenRunAge",
    "RunsGivenUp",
    "RunsOpen",
    "RunsRedriven",
  ],
  verify: ["ReceiptsWithoutDelta", "VectorsExtra", "VectorsMissing", "VectorsNotFound", "VectorsStale"],
  "catch-up": ["CatchUpRecordsFailed", "CatchUpRecordsProcessed", "CatchUpTasksFailed"],
  bulk: [
    "BulkBacklogPerWorker",
    "BulkBrokerMemoryPercent",
    "BulkChunksFailed",
    "BulkChunksProcessed",
    "BulkJobsWaiting",
    "BulkJobsWithoutWorker",
    "BulkOldestJobAge",
    "BulkTasksPending",
    "BulkWorkersActive",
    "CatchUpRecordsFailed",
    "CatchUpRecordsProcessed",
    "CatchUpTasksFailed",
  ],
  "query-server": ["ManifestMismatches"],
  "search-shard": ["ManifestMismatches"],
  "image-processor": ["ImagesProcessed", "ImagesRejected"],
  "image-analyzer": [
    "AnalysesDeferred",
    "AnalysesRefused",
    "AnalysesStored",
    "VisionInputTokens",
    "VisionMicroUsd",
    "VisionOutputTokens",
  ],
  "image-embedder": ["ImagesEmbedded"],
} as const;

export type MeasuredService = keyof typeof metricsOf;
export type MetricName = (typeof metricsOf)[MeasuredService][number];

/** A metric of one service. */
export type MetricOf<Service extends MeasuredService> = (typeof metricsOf)[Service][number];
