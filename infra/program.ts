import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { functionBundles, queryServerContext } from "./bundles/stack-bundles.ts";
import { catchUpOf, catchUpOutputs } from "./catch-up.ts";
import { Alarms } from "./components/alarms.ts";
import { lookUpBrought } from "./components/brought.ts";
import { ChangeProcessor } from "./components/change-processor.ts";
import { CollectionsFileSystem } from "./components/collections-file-system.ts";
import { Compaction } from "./components/compaction.ts";
import { EmbedPipeline } from "./components/embed-pipeline.ts";
import { Network } from "./components/network.ts";
import type { QueryService } from "./components/query-service.ts";
import { Storage } from "./components/storage.ts";
import { StoredSecret } from "./components/stored-secret.ts";
import type { Settings } from "./config.ts";
import type { Outputs } from "./outputs.ts";
import { readSettings } from "./settings/read-settings.ts";

/**
 * Declares the whole stack from its configuration. What can be wrong is found before anything is declared.
 * Throws ConfigurationInvalid, BroughtResourceUnfit, BundleFailed, LibraryUnpatchable.
 */
export async function vectorkeep(): Promise<Outputs> {
  const settings = readSettings();
  const brought = await lookUpBrought(settings);
  const code = await functionBundles();
  const queryContext = settings.query.enabled ? await queryServerContext() : undefined;
  const stem = `${pulumi.getProject()}-${pulumi.getStack()}`;
  // The stem, so that the metrics of two stacks in one account stay apart.
  const defaults = { metricsNamespace: stem, logRetentionDays: settings.logs.retentionDays };

  const apiKey = new StoredSecret(`${stem}-embedding-api-key`, {
    description: "API key of the embedding provider",
    value: settings.embedding.apiKey,
  });
  const storage = new Storage(`${stem}-storage`, {
    ...brought,
    keepData: settings.storage.keepData,
    rejectedRetentionDays: settings.ingest.rejectedRetentionDays,
  });
  const network = new Network(`${stem}-network`, {
    cidr: settings.network.cidr,
    internetForTasks: settings.query.enabled,
    ...(brought.home && { existing: brought.home }),
  });
  const files = new CollectionsFileSystem(`${stem}-collections`, { network });

  const compaction = new Compaction(`${stem}-compaction`, {
    code: code.compaction,
    settings: settings.compaction,
    embedding: settings.embedding,
    storage,
    files,
    network,
    defaults,
  });
  const pipeline = new EmbedPipeline(`${stem}-embed-pipeline`, {
    embedCode: code.embed,
    exportCode: code.exportOcrResults,
    settings: settings.ingest,
    embedding: settings.embedding,
    apiKey,
    storage,
    compaction,
    defaults,
  });
  const changes = new ChangeProcessor(`${stem}-change-processor`, {
    code: code.streamProcessor,
    settings: settings.stream,
    storage,
    compaction,
    defaults,
  });
  const catchUp = await catchUpOf(`${stem}-catch-up`, settings, { apiKey, storage, brought, defaults });
  const shards = [...compaction.lines.byShard, ...compaction.words.byShard];
  new Alarms(`${stem}-alarms`, {
    topicArn: settings.alarms.topicArn,
    deadLetters: {
      "embed-ndjson-dead-letters": pipeline.queue.deadLetters,
      ...Object.fromEntries(shards.map(([shard, { deadLetters }]) => [`${shard}-dead-letters`, deadLetters])),
      "stream-rejected": changes.rejected,
      "failed-exports": pipeline.failedExports,
      ...(catchUp && { "catch-up-unsettled": catchUp.unsettled }),
    },
    queues: {
      "embed-ndjson": pipeline.queue.queue,
      ...Object.fromEntries(shards.map(([shard, { queue }]) => [shard, queue])),
    },
    functions: {
      embed: pipeline.embed,
      "export-ocr-results": pipeline.exportOcrResults,
      "stream-processor": changes.streamProcessor,
      compaction: compaction.compaction,
      ...(catchUp && {
        "catch-up-api": catchUp.functions.api,
        "catch-up-run": catchUp.functions.run,
        "catch-up-chunk": catchUp.functions.chunk,
        "catch-up-settle": catchUp.functions.settle,
      }),
    },
    stream: { reader: changes.streamProcessor, mapping: changes.mapping },
  });
  const search = await queryService(`${stem}-query`, settings, {
    queryContext,
    storage,
    network,
    files,
    apiKey,
  });

  return {
    region: aws.getRegionOutput().region,
    embedQueueUrl: pipeline.queue.queue.url,
    embedDeadLetterQueueUrl: pipeline.queue.deadLetters.url,
    linesQueueUrls: compaction.lines.queues.map(({ url }) => url),
    wordsQueueUrls: compaction.words.queues.map(({ url }) => url),
    linesDeadLetterQueueUrls: compaction.lines.deadLetters.map(({ url }) => url),
    wordsDeadLetterQueueUrls: compaction.words.deadLetters.map(({ url }) => url),
    streamRejectedQueueUrl: changes.rejected.url,
    streamGivenUpPrefix: changes.givenUpPrefix,
    artifactsBucket: storage.artifacts.name,
    deltasBucket: storage.deltas.name,
    receiptsTable: storage.receipts.name,
    controlTable: storage.control.name,
    collectionsFileSystem: files.fileSystem.id,
    functions: {
      embed: pipeline.embed.function.name,
      exportOcrResults: pipeline.exportOcrResults.function.name,
      streamProcessor: changes.streamProcessor.function.name,
      compaction: compaction.compaction.function.name,
    },
    logGroups: {
      embed: pipeline.embed.logGroup.name,
      exportOcrResults: pipeline.exportOcrResults.logGroup.name,
      streamProcessor: changes.streamProcessor.logGroup.name,
      compaction: compaction.compaction.logGroup.name,
      ...(search && { queryServer: search.service.logGroup.name }),
    },
    ...(catchUp && { catchUp: catchUpOutputs(catchUp) }),
    ...(search && { searchUrl: search.service.url, searchApiKeySecret: search.apiKey.name }),
  };
}

interface Neighbours {
  /** What Docker builds; undefined while the service is off. */
  readonly queryContext: string | undefined;
  readonly storage: Storage;
  readonly network: Network;
  readonly files: CollectionsFileSystem;
  readonly apiKey: StoredSecret;
}

/** The service brings Docker and @pulumi/awsx with it, so neither is touched while it is off. */
async function queryService(
  name: string,
  { query, embedding, compaction, logs }: Settings,
  { queryContext, storage, network, files, apiKey }: Neighbours,
): Promise<{ service: QueryService; apiKey: StoredSecret } | undefined> {
  if (queryContext === undefined || query.apiKey === undefined) return undefined;
  const { QueryService } = await import("./components/query-service.ts");
  const searchApiKey = new StoredSecret(name.replace(/-query$/, "-search-api-key"), {
    description: "Key that a search request carries",
    value: query.apiKey,
  });
  const service = new QueryService(name, {
    context: queryContext,
    settings: query,
    embedding,
    collectionShards: compaction.collectionShards,
    embeddingApiKey: apiKey,
    searchApiKey,
    storage,
    files,
    network,
    logRetentionDays: logs.retentionDays,
  });
  return { service, apiKey: searchApiKey };
}
