import type { AddedFunctions } from "./added-functions.ts";
import { Alarms } from "./components/alarms.ts";
import type { BundledFunction } from "./components/bundled-function.ts";
import type { CatchUp } from "./components/catch-up.ts";
import { watchEveryMinutes } from "./components/catch-up-watch.ts";
import type { ChangeProcessor } from "./components/change-processor.ts";
import type { Compaction } from "./components/compaction.ts";
import { Dashboard, type Flow } from "./components/dashboard.ts";
import type { EmbedPipeline } from "./components/embed-pipeline.ts";
import type { EmbeddingStatusWriter } from "./components/embedding-status-writer.ts";
import type { ImageFlow } from "./components/images/image-flow.ts";
import type { MerchantResolver } from "./components/merchant-resolver.ts";
import type { Mirror } from "./components/mirror.ts";
import type { SearchFunctions } from "./components/search-functions.ts";
import type { Snapshots } from "./components/snapshots.ts";
import type { Settings } from "./config.ts";

/** The components that alarms and dashboard cover. */
interface Watched {
  readonly pipeline: EmbedPipeline;
  readonly changes: ChangeProcessor;
  readonly compaction: Compaction;
  readonly verify: BundledFunction;
  readonly sweeper: BundledFunction;
  readonly snapshots: Snapshots;
  /** Undefined if the collections are not mirrored. */
  readonly mirror: Mirror | undefined;
  readonly catchUp: CatchUp | undefined;
  readonly images: ImageFlow | undefined;
  readonly merchants: MerchantResolver | undefined;
  readonly embeddingStatus: EmbeddingStatusWriter | undefined;
  readonly added: AddedFunctions;
  /** Undefined if the query server serves the search, or if search is not enabled. */
  readonly search: SearchFunctions | undefined;
  /** CloudWatch namespace of the metrics that the product itself writes. */
  readonly metricsNamespace: string;
}

/** Declares the alarms and the dashboard of the stack. */
export function watch(
  stem: string,
  settings: Settings,
  watched: Watched,
): { readonly alarms: Alarms; readonly dashboard: Dashboard } {
  const { changes, sweeper, snapshots, mirror, catchUp, images, metricsNamespace } = watched;
  const { everyMinutes } = settings.snapshots;
  const takesBulkJobs = settings.bulk.enabled && settings.catchup.enabled;
  const flows = [
    ...flowsOf(watched),
    ...(everyMinutes > 0 ? [exporting(snapshots)] : []),
    ...(mirror ? [mirroring(mirror)] : []),
    ...(takesBulkJobs ? [bulkJobs] : []),
  ];
  const alarms = new Alarms(`${stem}-alarms`, {
    topicArn: settings.alarms.topicArn,
    email: settings.alarms.email,
    runbooksUrl: settings.alarms.runbooksUrl,
    metricsNamespace,
    deadLetters: Object.assign({}, ...flows.map((flow) => flow.deadLetters)),
    queues: Object.assign({}, ...flows.map((flow) => flow.queues)),
    functions: Object.assign({}, ...flows.map((flow) => flow.functions)),
    background: Object.assign({}, ...flows.map((flow) => flow.background ?? {})),
    stream: { reader: changes.streamProcessor, mapping: changes.mapping },
    sweeper,
    sweep: settings.sweep,
    snapshotsEveryMinutes: everyMinutes > 0 ? everyMinutes : undefined,
    searchHost: settings.query.enabled ? settings.query.host : undefined,
    searchesMirror: settings.query.backend === "s3vectors",
    compactsInWorker: settings.compaction.host === "ecs",
    takesBulkJobs,
    findsMerchants: settings.merchants.enabled,
    mirrors: mirror !== undefined,
    images: images && { cluster: images.database.cluster, watchHours: settings.images.watchHours },
    catchUp: catchUp && {
      machine: catchUp.machine.machine,
      watch: catchUp.watch,
      watchEveryMinutes,
    },
  });
  const dashboard = new Dashboard(`${stem}-dashboard`, { flows, metricsNamespace });
  return { alarms, dashboard };
}

/** Its processes write metrics only; they are neither functions nor queues of AWS. */
const bulkJobs: Flow = {
  title: "Bulk jobs",
  functions: {},
  queues: {},
  deadLetters: {},
  counts: {
    bulk: [
      "BulkWorkersActive",
      "BulkJobsWaiting",
      "BulkTasksPending",
      "BulkChunksProcessed",
      "BulkChunksFailed",
    ],
  },
};

function flowsOf({
  pipeline,
  changes,
  compaction,
  verify,
  sweeper,
  catchUp,
  images,
  merchants,
  embeddingStatus,
  added,
  search,
}: Watched): Flow[] {
  const shards = [...compaction.lines.byShard, ...compaction.words.byShard];
  return [
    {
      title: "Embedding",
      functions: { embed: pipeline.embed, "export-ocr-results": pipeline.exportOcrResults },
      queues: { "embed-ndjson": pipeline.queue.queue },
      deadLetters: {
        "embed-ndjson-dead-letters": pipeline.queue.deadLetters,
        "failed-exports": pipeline.failedExports,
      },
      counts: { embed: ["MessagesDeferred", "MessagesSuperseded", "RowsRejected"] },
    },
    {
      title: "Changes",
      functions: { "stream-processor": changes.streamProcessor },
      queues: {},
      deadLetters: { "stream-rejected": changes.rejected },
      counts: {
        "stream-processor": ["RecordsRelevant", "RecordsOfOthers", "RecordsRejected", "MessagesSent"],
      },
    },
    {
      title: "Compaction",
      functions: { compaction: compaction.compaction },
      background: { fold: compaction.fold },
      queues: {
        ...Object.fromEntries(shards.map(([shard, { queue }]) => [shard, queue])),
        fold: compaction.folds.queue,
      },
      deadLetters: {
        ...Object.fromEntries(
          shards.map(([shard, { deadLetters }]) => [`${shard}-dead-letters`, deadLetters]),
        ),
        "fold-dead-letters": compaction.folds.deadLetters,
      },
      counts: {
        compaction: [
          "GenerationsPublished",
          "BasesWritten",
          "MessagesHeldBack",
          "VectorsWritten",
          "VectorsUpdated",
          "VectorsRemoved",
        ],
      },
    },
    {
      title: "Upkeep",
      functions: { sweeper },
      // A person invokes it and waits.
      background: { verify },
      queues: {},
      deadLetters: {},
      counts: {
        sweeper: ["RunsOpen", "RunsRedriven", "RunsGivenUp"],
        verify: ["VectorsMissing", "VectorsExtra", "VectorsStale"],
      },
    },
    ...(search ? [searching(search)] : []),
    ...(catchUp ? [catchingUp(catchUp)] : []),
    ...(images ? [imageFlow(images)] : []),
    ...(merchants ? [merchantFlow(merchants)] : []),
    ...(embeddingStatus ? [statusFlow(embeddingStatus)] : []),
    ...(Object.keys(added).length > 0
      ? [{ title: "Added functions", functions: added, queues: {}, deadLetters: {}, counts: {} }]
      : []),
  ];
}

function exporting({ exporter }: Snapshots): Flow {
  return {
    title: "Snapshots",
    functions: {},
    // The next scheduled export repeats a failed one.
    background: { "export-snapshot": exporter },
    queues: {},
    deadLetters: {},
    counts: { "export-snapshot": ["SnapshotsWritten"] },
  };
}

function mirroring({ mirror }: Mirror): Flow {
  return {
    title: "Mirror",
    functions: {},
    // The next scheduled run continues a failed one.
    background: { mirror },
    queues: {},
    deadLetters: {},
    counts: {
      mirror: ["MirrorVectorsWritten", "MirrorVectorsDeleted", "MirrorVectorsRefused"],
      sweeper: ["MirrorSecondsBehind"],
    },
  };
}

function searching({ search, shards }: SearchFunctions): Flow {
  const ofShards = [...shards].map(([shard, searched]) => [`search-${shard}`, searched] as const);
  return {
    title: "Search",
    functions: { search },
    // The search function reports a failure of these functions as a failed search.
    background: Object.fromEntries(ofShards),
    queues: {},
    deadLetters: {},
    counts: {
      search: ["SearchesUnanswered"],
      ...(shards.size > 0 && { "search-shard": ["GenerationsRefused", "ManifestMismatches"] as const }),
    },
  };
}

function catchingUp({
  functions: { api, run, chunk, batch, settle },
  watch,
  unsettled,
  machine,
}: CatchUp): Flow {
  return {
    title: "Catching up",
    functions: {
      "catch-up-api": api,
      "catch-up-run": run,
      "catch-up-chunk": chunk,
      "catch-up-batch": batch,
      "catch-up-settle": settle,
      "catch-up-watch": watch,
    },
    queues: {},
    deadLetters: { "catch-up-unsettled": unsettled },
    counts: {
      "catch-up": [
        "CatchUpRecordsProcessed",
        "CatchUpRecordsFailed",
        "CatchUpTasksFailed",
        "CatchUpBatchTextsFallenBack",
        "EmbeddingCacheFaults",
      ],
    },
    rate: {
      title: "records whose vectors the embedding cache had, in percent",
      service: "catch-up",
      part: "CatchUpRecordsCached",
      whole: "CatchUpRecordsProcessed",
    },
    machine: machine.machine,
  };
}

function statusFlow({ writer, queue, deadLetters }: EmbeddingStatusWriter): Flow {
  return {
    title: "Embedding status",
    functions: { "write-embedding-status": writer },
    queues: { "write-embedding-status": queue },
    deadLetters: { "write-embedding-status-dead-letters": deadLetters },
    counts: { "write-embedding-status": ["StatusesWritten"] },
  };
}

function merchantFlow({ resolver, queue, deadLetters }: MerchantResolver): Flow {
  return {
    title: "Merchants",
    functions: { "resolve-merchant": resolver },
    queues: { "resolve-merchant": queue },
    deadLetters: { "resolve-merchant-dead-letters": deadLetters },
    counts: {
      "resolve-merchant": [
        "MerchantsResolved",
        "MerchantsProposed",
        "MerchantsUnknown",
        "PlacesPaid",
        "PlacesBudgetSpent",
      ],
    },
  };
}

function imageFlow(flow: ImageFlow): Flow {
  const { database } = flow;
  const { uploads, analysis, embedding, undelivered } = flow.events;
  const { processor, analyzer, embedder, search, watch } = flow.functions;
  return {
    title: "Images",
    functions: {
      "image-processor": processor,
      "image-analyzer": analyzer,
      "image-embedder": embedder,
      "image-search": search,
      "image-migrate": database.migrate,
    },
    background: { "image-watch": watch },
    queues: {
      "image-uploads": uploads.queue,
      "image-analysis": analysis.queue,
      "image-embedding": embedding.queue,
    },
    deadLetters: {
      "image-uploads-dead-letters": uploads.deadLetters,
      "image-analysis-dead-letters": analysis.deadLetters,
      "image-embedding-dead-letters": embedding.deadLetters,
      "image-undelivered": undelivered,
    },
    counts: {
      "image-processor": ["ImagesProcessed", "ImagesRejected"],
      "image-analyzer": [
        "AnalysesStored",
        "AnalysesDeferred",
        "AnalysesRefused",
        "VisionInputTokens",
        "VisionOutputTokens",
        "VisionMicroUsd",
      ],
      "image-embedder": ["ImagesEmbedded"],
    },
  };
}
