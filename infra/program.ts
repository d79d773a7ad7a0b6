import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { addedFunctions, addedOutputs, declareAdded } from "./added-functions.ts";
import { bulkApiOf, bulkOutputs } from "./bulk.ts";
import {
  addedBundles,
  bulkContexts,
  catchUpBundles,
  compactionWorkerContext,
  embeddingStatusBundle,
  functionBundles,
  imageBundles,
  merchantsBundle,
  mirrorBundle,
  queryServerContext,
  searchBundles,
} from "./bundles/stack-bundles.ts";
import { catchUpOf, catchUpOutputs } from "./catch-up.ts";
import { ChangeProcessor } from "./components/change-processor.ts";
import { CollectionsFileSystem } from "./components/collections-file-system.ts";
import { Compaction } from "./components/compaction.ts";
import { EmbedPipeline } from "./components/embed-pipeline.ts";
import { EmbeddingStatusWriter } from "./components/embedding-status-writer.ts";
import { lookUpExisting } from "./components/existing.ts";
import { Generations } from "./components/generations.ts";
import { Mirror } from "./components/mirror.ts";
import { Network } from "./components/network.ts";
import { Snapshots } from "./components/snapshots.ts";
import { Storage } from "./components/storage.ts";
import { StoredSecret } from "./components/stored-secret.ts";
import { Sweeper } from "./components/sweeper.ts";
import { Verification } from "./components/verification.ts";
import { protectData } from "./data-protection.ts";
import { embeddingStatusOutputs } from "./embedding-status.ts";
import { imageFlowOf, imagesOutputs } from "./images.ts";
import { merchantResolverOf, merchantsOutputs } from "./merchants.ts";
import { compactionWorker, queryService } from "./optional-services.ts";
import type { Outputs } from "./outputs.ts";
import { boundRoles } from "./permissions-boundary.ts";
import { workerRemains } from "./remaining-worker.ts";
import { searchOf, searchOutputs } from "./search.ts";
import { readSettings } from "./settings/read-settings.ts";
import { watch } from "./watch.ts";

/**
 * Declares the whole stack from its configuration. Configuration is validated before anything is declared.
 * Throws ConfigurationInvalidError, ExistingResourceError, BundleFailedError, LibraryUnpatchableError.
 */
export async function vectorkeep(): Promise<Outputs> {
  const settings = readSettings();
  const existing = await lookUpExisting(settings);
  const stem = `${pulumi.getProject()}-${pulumi.getStack()}`;
  const remains = await workerRemains(`${stem}-compaction-worker`, settings.compaction);
  const inContainer = settings.compaction.host === "ecs";
  const searchesInContainer = settings.query.enabled && settings.query.host === "ecs";
  const searchesInFunctions = settings.query.enabled && settings.query.host === "lambda";
  const [
    code,
    addedCode,
    catchUpCode,
    imageCode,
    merchantsCode,
    statusCode,
    mirrorCode,
    searchCode,
    queryContext,
    workerContext,
    contexts,
  ] = await Promise.all([
    functionBundles(),
    addedBundles(Object.keys(addedFunctions)),
    settings.catchup.enabled ? catchUpBundles() : undefined,
    settings.images.enabled ? imageBundles() : undefined,
    settings.merchants.enabled ? merchantsBundle() : undefined,
    settings.embedding.writeStatus ? embeddingStatusBundle() : undefined,
    settings.collections.mirror === "s3vectors" ? mirrorBundle() : undefined,
    searchesInFunctions ? searchBundles() : undefined,
    searchesInContainer ? queryServerContext() : undefined,
    inContainer ? compactionWorkerContext() : undefined,
    settings.bulk.enabled ? bulkContexts() : undefined,
  ]);
  if (settings.storage.keepData) protectData();
  if (settings.deploy.permissionsBoundary !== undefined) boundRoles(settings.deploy.permissionsBoundary);
  // The namespace is the stem, so that two stacks in one account do not share metrics.
  const defaults = {
    metricsNamespace: stem,
    logRetentionDays: settings.logs.retentionDays,
    logLevel: settings.logs.level,
    tracing: settings.tracing,
  };

  const apiKey = new StoredSecret(`${stem}-embedding-api-key`, {
    description: "API key of the embedding provider",
    value: settings.embedding.apiKey,
  });
  const storage = new Storage(`${stem}-storage`, {
    ...existing,
    keepData: settings.storage.keepData,
    rejectedRetentionDays: settings.ingest.rejectedRetentionDays,
  });
  const network = new Network(`${stem}-network`, {
    ...settings.network,
    internetForTasks: searchesInContainer || inContainer || settings.bulk.enabled,
    mirrors: mirrorCode !== undefined,
    ...(existing.placement && { existing: existing.placement }),
  });
  const files = new CollectionsFileSystem(`${stem}-collections`, { network });

  const compaction = new Compaction(`${stem}-compaction`, {
    code: code.compaction,
    foldCode: code.fold,
    settings: settings.compaction,
    embedding: settings.embedding,
    storage,
    files,
    network,
    workerRemains: remains,
    defaults,
  });
  const worker = await compactionWorker(`${stem}-compaction-worker`, workerContext, {
    settings: settings.compaction,
    compaction,
    files,
    network,
    ...defaults,
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
  const { generations } = new Generations(`${stem}-generations`, {
    code: code.generations,
    leaseSeconds: settings.compaction.leaseSeconds,
    size: settings.compaction,
    storage,
    files,
    network,
    compaction,
    defaults,
  });
  const { verify } = new Verification(`${stem}-verify`, {
    code: code.verify,
    settings: settings.verify,
    size: settings.compaction,
    query: settings.query,
    storage,
    files,
    network,
    compaction,
    defaults,
  });
  const { sweeper } = new Sweeper(`${stem}-sweeper`, {
    code: code.sweeper,
    settings: settings.sweep,
    maxFailures: settings.compaction.maxFailures,
    mirror: settings.collections.mirror,
    storage,
    compaction,
    files,
    defaults,
  });
  const snapshots = new Snapshots(`${stem}-snapshots`, {
    code: code.exportSnapshot,
    settings: settings.snapshots,
    keepData: settings.storage.keepData,
    storage,
    files,
    network,
    compaction,
    defaults,
  });
  const mirror =
    mirrorCode &&
    new Mirror(`${stem}-mirror`, {
      code: mirrorCode,
      size: settings.compaction,
      dimensions: settings.embedding.dimensions,
      storage,
      files,
      network,
      compaction,
      defaults,
    });
  const catchUp = catchUpOf(`${stem}-catch-up`, settings, {
    code: catchUpCode,
    apiKey,
    storage,
    existing,
    network,
    defaults,
  });
  const images = imageFlowOf(`${stem}-images`, settings, { code: imageCode, storage, network, defaults });
  const added = declareAdded(stem, addedCode, {
    settings,
    storage,
    compaction,
    files,
    network,
    apiKey,
    defaults,
  });
  const bulk = await bulkApiOf(`${stem}-bulk`, settings, {
    contexts,
    catchUp,
    embeddingApiKey: apiKey,
    network,
    ...defaults,
  });
  const searchApiKey =
    settings.query.enabled && settings.query.apiKey !== undefined
      ? new StoredSecret(`${stem}-search-api-key`, {
          description: "Key that a search request carries",
          value: settings.query.apiKey,
        })
      : undefined;
  const search = searchOf(`${stem}-search`, settings, {
    code: searchCode,
    searchApiKey: settings.query.apiKey,
    apiKey,
    storage,
    network,
    files,
    mirror,
    defaults,
  });
  const service = await queryService(`${stem}-query`, settings, {
    queryContext,
    searchApiKey,
    storage,
    network,
    files,
    apiKey,
    metricsNamespace: stem,
  });
  const merchants = merchantResolverOf(`${stem}-resolve-merchant`, settings, {
    code: merchantsCode,
    searchUrl: search?.url ?? service?.url,
    searchApiKey,
    storage,
    defaults,
  });
  const embeddingStatus =
    statusCode &&
    new EmbeddingStatusWriter(`${stem}-write-embedding-status`, { code: statusCode, storage, defaults });
  const changes = new ChangeProcessor(`${stem}-change-processor`, {
    code: code.streamProcessor,
    settings: settings.stream,
    storage,
    compaction,
    publishedRuns: merchants?.queue,
    settledRuns: embeddingStatus?.queue,
    defaults,
  });
  const { alarms, dashboard } = watch(stem, settings, {
    pipeline,
    changes,
    compaction,
    verify,
    sweeper,
    snapshots,
    mirror,
    catchUp,
    images,
    merchants,
    embeddingStatus,
    added,
    search: search?.functions,
    metricsNamespace: stem,
  });
  return {
    region: aws.getRegionOutput().region,
    embedQueueUrl: pipeline.queue.queue.url,
    embedDeadLetterQueueUrl: pipeline.queue.deadLetters.url,
    linesQueueUrls: compaction.lines.queues.map(({ url }) => url),
    wordsQueueUrls: compaction.words.queues.map(({ url }) => url),
    linesDeadLetterQueueUrls: compaction.lines.deadLetters.map(({ url }) => url),
    wordsDeadLetterQueueUrls: compaction.words.deadLetters.map(({ url }) => url),
    foldQueueUrl: compaction.folds.queue.url,
    foldDeadLetterQueueUrl: compaction.folds.deadLetters.url,
    failedExportsQueueUrl: pipeline.failedExports.url,
    streamRejectedQueueUrl: changes.rejected.url,
    streamGivenUpPrefix: changes.givenUpPrefix,
    artifactsBucket: storage.artifacts.name,
    deltasBucket: storage.deltas.name,
    snapshotsBucket: snapshots.bucket.name,
    receiptsTable: storage.receipts.name,
    controlTable: storage.control.name,
    collectionsFileSystem: files.fileSystem.id,
    functions: {
      embed: pipeline.embed.function.name,
      exportOcrResults: pipeline.exportOcrResults.function.name,
      streamProcessor: changes.streamProcessor.function.name,
      compaction: compaction.compaction.function.name,
      fold: compaction.fold.function.name,
      generations: generations.function.name,
      verify: verify.function.name,
      sweeper: sweeper.function.name,
      exportSnapshot: snapshots.exporter.function.name,
    },
    logGroups: {
      embed: pipeline.embed.logGroup.name,
      exportOcrResults: pipeline.exportOcrResults.logGroup.name,
      streamProcessor: changes.streamProcessor.logGroup.name,
      compaction: compaction.compaction.logGroup.name,
      fold: compaction.fold.logGroup.name,
      ...(worker && { compactionWorker: worker.logGroup.name }),
      generations: generations.logGroup.name,
      verify: verify.logGroup.name,
      sweeper: sweeper.logGroup.name,
      exportSnapshot: snapshots.exporter.logGroup.name,
      ...(service && { queryServer: service.logGroup.name }),
    },
    alarmTopicArn: alarms.topicArn,
    dashboard: dashboard.name,
    ...(catchUp && { catchUp: catchUpOutputs(catchUp) }),
    ...(images && { images: imagesOutputs(images) }),
    ...(merchants && { merchants: merchantsOutputs(merchants) }),
    ...(mirror && {
      mirror: {
        bucket: mirror.bucket.vectorBucketName,
        function: mirror.mirror.function.name,
        logGroup: mirror.mirror.logGroup.name,
      },
    }),
    ...(embeddingStatus && { embeddingStatus: embeddingStatusOutputs(embeddingStatus) }),
    ...addedOutputs(added),
    ...(bulk && { bulk: bulkOutputs(bulk) }),
    ...(searchApiKey && { searchUrl: search?.url ?? service?.url, searchApiKeySecret: searchApiKey.name }),
    ...(search && { search: searchOutputs(search) }),
  };
}
