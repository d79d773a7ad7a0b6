import * as pulumi from "@pulumi/pulumi";
import { analysisCompleteEvent, imageProcessedEvent } from "../../../contract/images.ts";
import type { analyzerConfig } from "../../../functions/image-analyzer/config.ts";
import type { embedderConfig } from "../../../functions/image-embedder/config.ts";
import type { processorConfig } from "../../../functions/image-processor/config.ts";
import type { searchConfig } from "../../../functions/image-search/config.ts";
import type { watchConfig } from "../../../functions/image-watch/config.ts";
import { BundledFunction, type BundledFunctionArgs, type FunctionDefaults } from "../bundled-function.ts";
import { consumeQueue, letResend } from "../consume-queue.ts";
import { environmentOf } from "../environment.ts";
import {
  consume,
  deleteObjects,
  itemsOf,
  list,
  putObjects,
  readObjects,
  readSecrets,
  type Statement,
  sendTo,
} from "../permissions.ts";
import { scheduled } from "../scheduled.ts";
import { StoredSecret } from "../stored-secret.ts";
import type { TracingSettings } from "../tracing.ts";
import type { ImageDatabase } from "./image-database.ts";
import type { ImageEvents } from "./image-events.ts";
import type { ImageFlowArgs } from "./image-flow-args.ts";
import type { ImageStorage } from "./image-storage.ts";
import type { RuleQueue } from "./rule-queue.ts";

/** The timeouts of the functions that consume events. */
export const consumerTimeoutSeconds = { uploads: 60, analysis: 300, embedding: 60 };
/** API Gateway's maximum. */
const searchTimeoutSeconds = 29;
/** A paused database needs up to a minute to start. */
const watchTimeoutSeconds = 120;

export interface ImageFunctionsArgs extends ImageFlowArgs {
  readonly storage: ImageStorage;
  readonly database: ImageDatabase;
  readonly events: ImageEvents;
  /** The users of the search API's keys. */
  readonly usersByKeyId: pulumi.Output<string>;
}

type FlowFunction = Omit<BundledFunctionArgs, keyof FunctionDefaults> &
  Partial<Pick<FunctionDefaults, "tracing">>;

/** The functions of the image flow, in the order of an image's steps. */
export class ImageFunctions extends pulumi.ComponentResource {
  readonly processor: BundledFunction;
  readonly analyzer: BundledFunction;
  readonly embedder: BundledFunction;
  readonly watch: BundledFunction;
  readonly search: BundledFunction;
  private readonly args: ImageFunctionsArgs;
  private readonly voyageApiKey: StoredSecret;
  /** The tracing settings of the functions that call models. */
  private readonly modelTracing: TracingSettings;

  /** @param name Of the image flow, in the singular. */
  constructor(name: string, args: ImageFunctionsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ImageFunctions", name, {}, options);
    this.args = args;
    this.voyageApiKey = this.secret(
      `${name}-voyage-api-key`,
      "API key of Voyage AI",
      args.secrets.voyageApiKey,
    );
    this.modelTracing = this.tracingOfModels(`${name}-otlp-headers`);
    this.processor = this.processorFunction(`${name}-processor`);
    this.analyzer = this.analyzerFunction(`${name}-analyzer`);
    this.embedder = this.embedderFunction(`${name}-embedder`);
    this.watch = this.watchFunction(`${name}-watch`);
    this.search = this.searchFunction(`${name}-search`);
    this.registerOutputs();
  }

  private processorFunction(name: string): BundledFunction {
    const { settings, code, storage } = this.args;
    const { images, renditions } = storage;
    // One image at a time, because each may need most of the memory and the timeout.
    return this.consumer(name, this.args.events.uploads, 1, {
      description: "Renders uploaded images and records their items",
      code: code.processor,
      timeoutSeconds: consumerTimeoutSeconds.uploads,
      // Lambda allots CPU by memory, and rendering is all CPU.
      memoryMiB: 1536,
      environment: environmentOf<typeof processorConfig>({
        ...this.args.database.environment,
        ...queueVariables(this.args.events.uploads),
        RENDITIONS_BUCKET: renditions.bucket,
        EVENT_BUS_NAME: this.args.events.busName,
        MAX_MEGABYTES: String(settings.maxMegabytes),
        MAX_MEGAPIXELS: String(settings.maxMegapixels),
        HEIC: String(settings.heic),
      }),
      statements: [
        list(images),
        readObjects(images, ""),
        list(renditions),
        putObjects(renditions, ""),
        deleteObjects(renditions, ""),
        this.args.events.putStatement(imageProcessedEvent.source),
      ],
    });
  }

  private analyzerFunction(name: string): BundledFunction {
    const { settings, secrets, code } = this.args;
    const key = (of: string, title: string, value: pulumi.Output<string> | undefined) =>
      value && this.secret(`${name.replace(/-analyzer$/, "")}-${of}-api-key`, `API key of ${title}`, value);
    const anthropic = key("anthropic", "Anthropic", secrets.anthropicApiKey);
    const openAi = key("openai", "OpenAI", secrets.openAiApiKey);
    const keys = [anthropic, openAi].filter((one) => one !== undefined);
    const analyzer = this.consumer(name, this.args.events.analysis, 5, {
      description: "Has images described by a vision model",
      code: code.analyzer,
      timeoutSeconds: consumerTimeoutSeconds.analysis,
      tracing: this.modelTracing,
      memoryMiB: 1024,
      environment: environmentOf<typeof analyzerConfig>({
        ...this.args.database.environment,
        ...queueVariables(this.args.events.analysis),
        EVENT_BUS_NAME: this.args.events.busName,
        CONTROL_TABLE: this.args.control.name,
        USD_PER_DAY: String(settings.usdPerDay),
        VISION_PROVIDER: settings.provider,
        VISION_FALLBACK_PROVIDER: settings.fallbackProvider === "none" ? "" : settings.fallbackProvider,
        VISION_REQUESTS_PER_MINUTE: String(settings.requestsPerMinute),
        VISION_TOKENS_PER_MINUTE: String(settings.tokensPerMinute),
        ANTHROPIC_BASE_URL: settings.anthropicBaseUrl,
        ANTHROPIC_MODEL: settings.anthropicModel,
        ANTHROPIC_PRICE: settings.anthropicPrice,
        ANTHROPIC_API_KEY_SECRET: anthropic?.name ?? "",
        OPENAI_BASE_URL: settings.openAiBaseUrl,
        OPENAI_MODEL: settings.openAiModel,
        OPENAI_PRICE: settings.openAiPrice,
        OPENAI_API_KEY_SECRET: openAi?.name ?? "",
      }),
      statements: [
        list(this.args.storage.renditions),
        readObjects(this.args.storage.renditions, ""),
        this.limiters(),
        sendTo(this.args.events.analysis.queue),
        this.args.events.putStatement(analysisCompleteEvent.source),
        ...(keys.length > 0 ? [readSecrets(...keys)] : []),
      ],
      after: keys.map(({ version }) => version),
    });
    // A message may wait for days for the budget or the rate limit.
    letResend(name, analyzer, { parent: this });
    return analyzer;
  }

  private embedderFunction(name: string): BundledFunction {
    const embedder = this.consumer(name, this.args.events.embedding, 10, {
      description: "Embeds the analyses of images",
      code: this.args.code.embedder,
      timeoutSeconds: consumerTimeoutSeconds.embedding,
      tracing: this.modelTracing,
      memoryMiB: 512,
      environment: environmentOf<typeof embedderConfig>({
        ...this.args.database.environment,
        ...queueVariables(this.args.events.embedding),
        ...this.voyageVariables(),
      }),
      statements: [this.limiters(), readSecrets(this.voyageApiKey), sendTo(this.args.events.embedding.queue)],
      after: [this.voyageApiKey.version],
    });
    // A message may wait for days for the rate limit.
    letResend(name, embedder, { parent: this });
    return embedder;
  }

  /** It wakes the database, which costs more than itself: so it runs seldom. */
  private watchFunction(name: string): BundledFunction {
    const { settings, code } = this.args;
    const watch = this.function(name, {
      description: "Counts images that wait too long for their analysis or vector",
      code: code.watch,
      timeoutSeconds: watchTimeoutSeconds,
      memoryMiB: 256,
      environment: environmentOf<typeof watchConfig>({
        ...this.args.database.environment,
        UNFINISHED_MINUTES: String(settings.unfinishedMinutes),
      }),
      statements: [],
    });
    const everyMinutes = settings.watchHours * 60;
    scheduled(name, watch, { description: "Watch of the image flow", everyMinutes }, { parent: this });
    return watch;
  }

  private searchFunction(name: string): BundledFunction {
    const { settings, code } = this.args;
    return this.function(name, {
      description: "Answers searches over images",
      code: code.search,
      timeoutSeconds: searchTimeoutSeconds,
      tracing: this.modelTracing,
      memoryMiB: 1024,
      environment: environmentOf<typeof searchConfig>({
        ...this.args.database.environment,
        ...this.voyageVariables(),
        USERS_BY_KEY_ID: this.args.usersByKeyId,
        LEXICAL_WEIGHT_PERCENT: String(settings.lexicalWeightPercent),
        RANK_CONSTANT: String(settings.rankConstant),
      }),
      statements: [this.limiters(), readSecrets(this.voyageApiKey)],
      after: [this.voyageApiKey.version],
    });
  }

  /** A function with a queue. Its role may send failed messages to the dead-letter queue with their reason. */
  private consumer(
    name: string,
    { queue, deadLetters }: RuleQueue,
    batchSize: number,
    args: FlowFunction,
  ): BundledFunction {
    const consumer = this.function(name, {
      ...args,
      statements: [...args.statements, consume(queue), sendTo(deadLetters)],
    });
    const { maximumConcurrency } = this.args.settings;
    consumeQueue(name, { queue, consumer, batchSize, maximumConcurrency }, { parent: this });
    return consumer;
  }

  private function(name: string, args: FlowFunction): BundledFunction {
    const { statements, migrated } = this.args.database;
    return new BundledFunction(
      name,
      {
        ...this.args.defaults,
        ...args,
        statements: [...statements, ...args.statements],
        after: [migrated, ...(args.after ?? [])],
      },
      { parent: this },
    );
  }

  private tracingOfModels(name: string): TracingSettings {
    const { settings, secrets, defaults } = this.args;
    if (settings.otlpEndpoint === undefined) return defaults.tracing;
    return {
      ...defaults.tracing,
      endpoint: settings.otlpEndpoint,
      headers:
        secrets.otlpHeaders &&
        this.secret(name, "Headers of the collector of model calls", secrets.otlpHeaders),
    };
  }

  private voyageVariables() {
    const { settings, control } = this.args;
    return {
      CONTROL_TABLE: control.name,
      VOYAGE_API_KEY_SECRET: this.voyageApiKey.name,
      VOYAGE_BASE_URL: settings.voyageBaseUrl,
      VOYAGE_EMBEDDING_MODEL: settings.embeddingModel,
      VOYAGE_EMBEDDING_DIMENSIONS: String(settings.embeddingDimensions),
      VOYAGE_REQUESTS_PER_MINUTE: String(settings.voyageRequestsPerMinute),
      VOYAGE_TOKENS_PER_MINUTE: String(settings.voyageTokensPerMinute),
    };
  }

  private limiters(): Statement {
    return itemsOf(this.args.control, ["GetItem", "UpdateItem"], ["LIMITER#*"]);
  }

  private secret(name: string, description: string, value: pulumi.Output<string>): StoredSecret {
    return new StoredSecret(name, { description, value }, { parent: this });
  }
}

function queueVariables({ queue, deadLetters }: RuleQueue) {
  return { QUEUE_URL: queue.url, DEAD_LETTER_QUEUE_URL: deadLetters.url };
}
