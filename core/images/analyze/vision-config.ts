import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { systemClock } from "../../resilience/clock.ts";
import { DynamoRateLimiter } from "../../resilience/dynamo-rate-limiter.ts";
import { emptyIsNone, wholeNumber } from "../../settings/environment.ts";
import { readSecret } from "../../settings/secret.ts";
import { LimitedVision } from "./limited-vision.ts";
import type { ProviderName, ProviderOptions, VisionProvider } from "./vision-provider.ts";

/** `1/5`: USD per million tokens of input and of output. */
const price = z
  .string()
  .regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/)
  .transform((text) => {
    const [input = 0, output = 0] = text.split("/").map(Number);
    return { input, output };
  });

const provider = z.enum(["anthropic", "openai"]);

/** The environment that infra declares for a function that calls vision models. */
export const visionConfig = {
  CONTROL_TABLE: z.string().min(1),
  VISION_PROVIDER: provider,
  /** Empty if there is no fallback. */
  VISION_FALLBACK_PROVIDER: z.union([provider, z.literal("").transform(() => undefined)]),
  VISION_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000),
  VISION_TOKENS_PER_MINUTE: wholeNumber(1, 1_000_000_000),
  ANTHROPIC_BASE_URL: z.url(),
  ANTHROPIC_MODEL: z.string().min(1),
  ANTHROPIC_PRICE: price,
  /** Names of the secrets; empty if the provider is not used. */
  ANTHROPIC_API_KEY_SECRET: emptyIsNone,
  OPENAI_BASE_URL: z.url(),
  OPENAI_MODEL: z.string().min(1),
  OPENAI_PRICE: price,
  OPENAI_API_KEY_SECRET: emptyIsNone,
};

export type VisionConfig = z.infer<z.ZodObject<typeof visionConfig>>;

/** The first model, and the fallback for its failures. */
export interface Visions {
  readonly first: LimitedVision;
  /** Created on demand, because its client slows a cold start and its secret may be missing. */
  readonly fallback: (() => Promise<LimitedVision>) | undefined;
}

/** Returns a factory of the configured models for one invocation with the deadline `giveUpAt` (epoch milliseconds). */
export function limitedVisions(
  config: VisionConfig,
  client: DynamoDBDocumentClient,
): (giveUpAt: number) => Promise<Visions> {
  const limiters = new Map<ProviderName, DynamoRateLimiter>();
  const limiterOf = (name: ProviderName) => {
    const limiter =
      limiters.get(name) ??
      new DynamoRateLimiter({
        client,
        controlTable: config.CONTROL_TABLE,
        account: `${new URL(settingsOf(name, config).baseUrl).host}#vision`,
        requestsPerMinute: config.VISION_REQUESTS_PER_MINUTE,
        tokensPerMinute: config.VISION_TOKENS_PER_MINUTE,
      });
    limiters.set(name, limiter);
    return limiter;
  };
  const visionOf = async (name: ProviderName, giveUpAt: number) => {
    const { secret, setting, price, ...settings } = settingsOf(name, config);
    const apiKey = await readSecret(secret ?? "", setting);
    return new LimitedVision({
      provider: await load(name, { ...settings, apiKey }),
      apiKey,
      limiter: limiterOf(name),
      price,
      giveUpAt,
      clock: systemClock,
    });
  };
  const { VISION_PROVIDER: first, VISION_FALLBACK_PROVIDER: fallback } = config;
  return async (giveUpAt) => ({
    first: await visionOf(first, giveUpAt),
    fallback: fallback === undefined || fallback === first ? undefined : () => visionOf(fallback, giveUpAt),
  });
}

function settingsOf(name: ProviderName, config: VisionConfig) {
  return name === "anthropic"
    ? {
        baseUrl: config.ANTHROPIC_BASE_URL,
        model: config.ANTHROPIC_MODEL,
        price: config.ANTHROPIC_PRICE,
        secret: config.ANTHROPIC_API_KEY_SECRET,
        setting: "images:anthropicApiKey",
      }
    : {
        baseUrl: config.OPENAI_BASE_URL,
        model: config.OPENAI_MODEL,
        price: config.OPENAI_PRICE,
        secret: config.OPENAI_API_KEY_SECRET,
        setting: "images:openAiApiKey",
      };
}

/** Loads only the needed client: both together take a quarter of a second of CPU at each cold start. */
async function load(name: ProviderName, options: ProviderOptions): Promise<VisionProvider> {
  if (name === "anthropic") {
    const { AnthropicProvider } = await import("./anthropic-provider.ts");
    return new AnthropicProvider(options);
  }
  const { OpenAiProvider } = await import("./openai-provider.ts");
  return new OpenAiProvider(options);
}
