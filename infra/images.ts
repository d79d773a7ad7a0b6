import type { FunctionDefaults } from "./components/bundled-function.ts";
import type { ImageCode } from "./components/images/image-code.ts";
import { ImageFlow } from "./components/images/image-flow.ts";
import type { Network } from "./components/network.ts";
import type { Storage } from "./components/storage.ts";
import type { Settings } from "./config.ts";
import type { ImagesOutputs } from "./outputs.ts";

interface Neighbours {
  /** Undefined if the flow is disabled. */
  readonly code: ImageCode | undefined;
  readonly storage: Storage;
  readonly network: Network;
  readonly defaults: FunctionDefaults;
}

/** The image flow, or undefined if it is disabled. The rules of the settings have checked its requirements. */
export function imageFlowOf(
  name: string,
  { images, storage: { keepData } }: Settings,
  { code, storage, network, defaults }: Neighbours,
): ImageFlow | undefined {
  const { enabled, voyageApiKey, anthropicApiKey, openAiApiKey, provider, fallbackProvider } = images;
  if (!enabled || code === undefined || voyageApiKey === undefined) return undefined;
  const uses = (one: string) => provider === one || fallbackProvider === one;
  return new ImageFlow(name, {
    code,
    settings: images,
    secrets: {
      voyageApiKey,
      anthropicApiKey: uses("anthropic") ? anthropicApiKey : undefined,
      openAiApiKey: uses("openai") ? openAiApiKey : undefined,
      otlpHeaders: images.otlpEndpoint === undefined ? undefined : images.otlpHeaders,
    },
    keepData,
    control: storage.control,
    network,
    defaults,
  });
}

export function imagesOutputs(flow: ImageFlow): ImagesOutputs {
  const { storage, database } = flow;
  const { uploads, analysis, embedding, undelivered } = flow.events;
  const { processor, analyzer, embedder, search, watch } = flow.functions;
  const functions = { processor, analyzer, embedder, search, watch, migrate: database.migrate };
  return {
    bucket: storage.images.bucket,
    renditionsBucket: storage.renditions.bucket,
    clusterArn: database.cluster.arn,
    databaseName: database.cluster.databaseName,
    databaseSecretArn: database.roleSecret.arn,
    searchUrl: flow.searchUrl,
    searchKeysSecret: flow.searchKeys.name,
    queueUrls: { uploads: uploads.queue.url, analysis: analysis.queue.url, embedding: embedding.queue.url },
    deadLetterQueueUrls: {
      uploads: uploads.deadLetters.url,
      analysis: analysis.deadLetters.url,
      embedding: embedding.deadLetters.url,
    },
    undeliveredQueueUrl: undelivered.url,
    functions: namesOf(functions, (one) => one.function.name),
    logGroups: namesOf(functions, (one) => one.logGroup.name),
  };
}

function namesOf<Name extends string, Of, To>(all: Record<Name, Of>, to: (one: Of) => To): Record<Name, To> {
  return Object.fromEntries(Object.entries<Of>(all).map(([name, one]) => [name, to(one)])) as Record<
    Name,
    To
  >;
}
