import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { analysisCompleteEvent, imageExtensions, imageProcessedEvent } from "../../../contract/images.ts";
import type { analyzerConfig } from "../../../functions/image-analyzer/config.ts";
import type { embedderConfig } from "../../../functions/image-embedder/config.ts";
import type { processorConfig } from "../../../functions/image-processor/config.ts";
import type { searchConfig } from "../../../functions/image-search/config.ts";
import type { watchConfig } from "../../../functions/image-watch/config.ts";
import type { Settings } from "../../config.ts";
import { BundledFunction, type BundledFunctionArgs, type FunctionDefaults } from "../bundled-function.ts";
import { DeadLetterQueue } from "../dead-letter-queue.ts";
import { environmentOf } from "../environment.ts";
import type { Named } from "../named.ts";
import type { Network } from "../network.ts";
import {
  allow,
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
import type { ImageCode } from "./image-code.ts";
import { ImageDatabase } from "./image-database.ts";
import { ImageSearchApi } from "./image-search-api.ts";
import { ImageStorage } from "./image-storage.ts";
import { RuleQueue } from "./rule-queue.ts";

const processorTimeoutSeconds = 60;
const analyzerTimeoutSeconds = 300;
const embedderTimeoutSeconds = 60;
/** API Gateway's maximum. */
const searchTimeoutSeconds = 29;
/** A paused database takes up to a minute to start. */
const watchTimeoutSeconds = 120;
/** With the back-off between receives they span most of a day. */
const maxReceiveCount = 50;
const bus = "default";
/** How long events can be sent again with `aws events start-replay`: as long as dead letters. */
const archiveDays = 14;

export interface ImageFlowArgs {
  readonly code: ImageCode;
  readonly settings: Settings["images"];
  readonly secrets: {
    readonly anthropicApiKey: pulumi.Output<string> | undefined;
    readonly openAiApiKey: pulumi.Output<string> | undefined;
    readonly voyageApiKey: pulumi.Output<string>;
  };
  readonly keepData: boolean;
  /** Holds the rate limiters. */
  readonly control: Named;
  readonly network: Network;
  readonly defaults: FunctionDefaults;
}

type FlowFunction = Omit<BundledFunctionArgs, keyof FunctionDefaults>;

/** From an uploaded image to search hits: storage, three queues with their functions, a database and a search API. */
export class ImageFlow extends pulumi.ComponentResource {
  readonly storage: ImageStorage;
  readonly database: ImageDatabase;
  /** Events that EventBridge could not deliver. */
  readonly undelivered: aws.sqs.Queue;
  readonly uploads: RuleQueue;
  readonly analysis: RuleQueue;
  readonly embedding: RuleQueue;
  readonly processor: BundledFunction;
  readonly analyzer: BundledFunction;
  readonly embedder: BundledFunction;
  readonly search: BundledFunction;
  readonly watch: BundledFunction;
  readonly searchUrl: pulumi.Output<string>;
  /** The API key of each user, as JSON. */
  readonly searchKeys: StoredSecret;
  private readonly args: ImageFlowArgs;
  private readonly voyageApiKey: StoredSecret;

  constructor(name: string, args: ImageFlowArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ImageFlow", name, {}, options);
    const inside = { parent: this };
    const stem = name.replace(/-images$/, "-image");
    const { code, settings, secrets, keepData, network, defaults } = args;
    this.args = args;
    this.storage = new ImageStorage(name, { keepData, renditionDays: settings.renditionDays }, inside);
    this.database = new ImageDatabase(
      name,
      { settings, keepData, network, migrateCode: code.migrate, migrateHash: code.migrateHash, defaults },
      inside,
    );
    this.voyageApiKey = this.secret(`${stem}-voyage-api-key`, "API key of Voyage AI", secrets.voyageApiKey);

    const undelivered = new DeadLetterQueue(
      `${stem}-undelivered`,
      { fifo: false, senders: this.ruleArns(stem).map((arn) => ({ arn })) },
      inside,
    );
    this.undelivered = undelivered.queue;
    const { images } = this.storage;
    this.uploads = this.ruleQueue(`${stem}-uploads`, processorTimeoutSeconds, "Changes of images", {
      source: ["aws.s3"],
      "detail-type": ["Object Created", "Object Deleted"],
      detail: {
        bucket: { name: [images.bucket] },
        object: {
          key: imageExtensions.map((extension) => ({ suffix: { "equals-ignore-case": `.${extension}` } })),
        },
      },
    });
    this.analysis = this.ruleQueue(`${stem}-analysis`, analyzerTimeoutSeconds, "Images with renditions", {
      source: [imageProcessedEvent.source],
      "detail-type": [imageProcessedEvent.detailType],
      detail: { bucket: [images.bucket] },
    });
    this.embedding = this.ruleQueue(`${stem}-embedding`, embedderTimeoutSeconds, "Analyses of images", {
      source: [analysisCompleteEvent.source],
      "detail-type": [analysisCompleteEvent.detailType],
      detail: { bucket: [images.bucket] },
    });

    this.archive(name);

    this.processor = this.processorFunction(`${stem}-processor`);
    this.analyzer = this.analyzerFunction(`${stem}-analyzer`);
    this.embedder = this.embedderFunction(`${stem}-embedder`);
    this.watch = this.watchFunction(`${stem}-watch`);
    const api = new ImageSearchApi(
      `${stem}-search`,
      { users: settings.users, authorization: settings.authorization, isTraced: defaults.tracing.enabled },
      inside,
    );
    this.search = this.searchFunction(`${stem}-search`, api);
    this.searchUrl = api.connect(this.search);
    this.searchKeys = this.secret(`${stem}-search-keys`, "API keys of the image search", api.keysByUser);
    this.registerOutputs();
  }

  /** By name, because the rules' queues refer to this one. */
  private ruleArns(stem: string): pulumi.Output<string>[] {
    const { accountId } = aws.getCallerIdentityOutput({}, { parent: this });
    const { region } = aws.getRegionOutput({}, { parent: this });
    return ["uploads", "analysis", "embedding"].map(
      (rule) => pulumi.interpolate`arn:aws:events:${region}:${accountId}:rule/${stem}-${rule}`,
    );
  }

  /** What all three rules take. Replayed events cost nothing: each step finds what it has done. */
  private archive(name: string): void {
    const { accountId } = aws.getCallerIdentityOutput({}, { parent: this });
    const { region } = aws.getRegionOutput({}, { parent: this });
    const { bucket } = this.storage.images;
    new aws.cloudwatch.EventArchive(
      name,
      {
        name,
        description: "Events of the image flow",
        eventSourceArn: pulumi.interpolate`arn:aws:events:${region}:${accountId}:event-bus/${bus}`,
        eventPattern: pulumi.jsonStringify({
          $or: [
            { source: ["aws.s3"], detail: { bucket: { name: [bucket] } } },
            {
              source: [imageProcessedEvent.source, analysisCompleteEvent.source],
              detail: { bucket: [bucket] },
            },
          ],
        }),
        retentionDays: archiveDays,
      },
      { parent: this },
    );
  }

  private ruleQueue(
    name: string,
    consumerTimeoutSeconds: number,
    description: string,
    pattern: pulumi.Input<object>,
  ): RuleQueue {
    const args = {
      description,
      pattern,
      consumerTimeoutSeconds,
      maxReceiveCount,
      undelivered: this.undelivered,
    };
    return new RuleQueue(name, args, { parent: this });
  }

  private processorFunction(name: string): BundledFunction {
    const { settings, code } = this.args;
    const { images, renditions } = this.storage;
    // One image at a time: each may take most of the memory, and of the timeout.
    return this.consumer(name, this.uploads, 1, {
      description: "Renders uploaded images and records their items",
      code: code.processor,
      timeoutSeconds: processorTimeoutSeconds,
      // Lambda allots CPU by memory, and rendering is all CPU.
      memoryMiB: 1536,
      environment: environmentOf<typeof processorConfig>({
        ...this.database.environment,
        ...queueVariables(this.uploads),
        RENDITIONS_BUCKET: renditions.bucket,
        EVENT_BUS_NAME: bus,
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
        this.putEvents(imageProcessedEvent.source),
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
    const analyzer = this.consumer(name, this.analysis, 5, {
      description: "Has images described by a vision model",
      code: code.analyzer,
      timeoutSeconds: analyzerTimeoutSeconds,
      memoryMiB: 1024,
      environment: environmentOf<typeof analyzerConfig>({
        ...this.database.environment,
        ...queueVariables(this.analysis),
        EVENT_BUS_NAME: bus,
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
        list(this.storage.renditions),
        readObjects(this.storage.renditions, ""),
        this.limiters(),
        sendTo(this.analysis.queue),
        this.putEvents(analysisCompleteEvent.source),
        ...(keys.length > 0 ? [readSecrets(...keys)] : []),
      ],
      after: keys.map(({ version }) => version),
    });
    this.letReplaceMessages(name, analyzer);
    return analyzer;
  }

  private embedderFunction(name: string): BundledFunction {
    const embedder = this.consumer(name, this.embedding, 10, {
      description: "Embeds the analyses of images",
      code: this.args.code.embedder,
      timeoutSeconds: embedderTimeoutSeconds,
      memoryMiB: 512,
      environment: environmentOf<typeof embedderConfig>({
        ...this.database.environment,
        ...queueVariables(this.embedding),
        ...this.voyageVariables(),
      }),
      statements: [this.limiters(), readSecrets(this.voyageApiKey), sendTo(this.embedding.queue)],
      after: [this.voyageApiKey.version],
    });
    this.letReplaceMessages(name, embedder);
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
        ...this.database.environment,
        UNFINISHED_MINUTES: String(settings.unfinishedMinutes),
      }),
      statements: [],
    });
    const everyMinutes = settings.watchHours * 60;
    scheduled(name, watch, { description: "Watch of the image flow", everyMinutes }, { parent: this });
    return watch;
  }

  private searchFunction(name: string, api: ImageSearchApi): BundledFunction {
    const { settings, code } = this.args;
    return this.function(name, {
      description: "Answers searches over images",
      code: code.search,
      timeoutSeconds: searchTimeoutSeconds,
      memoryMiB: 1024,
      environment: environmentOf<typeof searchConfig>({
        ...this.database.environment,
        ...this.voyageVariables(),
        USERS_BY_KEY_ID: api.usersByKeyId,
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
    new aws.lambda.EventSourceMapping(
      name,
      {
        eventSourceArn: queue.arn,
        functionName: consumer.function.arn,
        batchSize,
        functionResponseTypes: ["ReportBatchItemFailures"],
        scalingConfig: { maximumConcurrency: this.args.settings.maximumConcurrency },
      },
      { parent: this },
    );
    return consumer;
  }

  /**
   * A message that waits for a budget or a rate limit for days is sent to its own queue again. Lambda's loop detection
   * would drop it after about 16 rounds.
   */
  private letReplaceMessages(name: string, consumer: BundledFunction): void {
    new aws.lambda.FunctionRecursionConfig(
      name,
      { functionName: consumer.function.name, recursiveLoop: "Allow" },
      { parent: this },
    );
  }

  private function(name: string, args: FlowFunction): BundledFunction {
    const { statements, migrated } = this.database;
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

  /** Under its own source alone, so that no function can start a step that is not its next one. */
  private putEvents(source: string): Statement {
    const { accountId } = aws.getCallerIdentityOutput({}, { parent: this });
    const { region } = aws.getRegionOutput({}, { parent: this });
    return {
      ...allow(
        ["events:PutEvents"],
        [pulumi.interpolate`arn:aws:events:${region}:${accountId}:event-bus/${bus}`],
      ),
      Condition: { StringEquals: { "events:source": source } },
    };
  }

  private secret(name: string, description: string, value: pulumi.Output<string>): StoredSecret {
    return new StoredSecret(name, { description, value }, { parent: this });
  }
}

function queueVariables({ queue, deadLetters }: RuleQueue) {
  return { QUEUE_URL: queue.url, DEAD_LETTER_QUEUE_URL: deadLetters.url };
}
