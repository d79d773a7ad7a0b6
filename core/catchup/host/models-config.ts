import * as z from "zod";
import { jsonText } from "../../settings/environment.ts";

const model = z
  .object({
    model: z.string().min(1),
    dimensions: z.number().int().min(1).max(65_536),
    usd_per_million_tokens: z.number().min(0),
  })
  .transform(({ usd_per_million_tokens, ...one }) => ({
    ...one,
    usdPerMillionTokens: usd_per_million_tokens,
  }));

/** The models that a request may name. */
export const modelsConfig = {
  EMBEDDING_MODEL: z.string().min(1),
  /** Price of EMBEDDING_MODEL. */
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  /** Further models, as JSON. */
  FURTHER_MODELS: jsonText.pipe(z.array(model)).default([]),
};

export type ModelsConfig = z.infer<z.ZodObject<typeof modelsConfig>>;

/** A request names no model if it is for that of the stack. */
export type PriceOf = (model: string | undefined) => number;

/** US dollars per million tokens. A model that the stack has no longer counts as that of the stack. */
export function pricesOf({ USD_PER_MILLION_TOKENS, FURTHER_MODELS }: ModelsConfig): PriceOf {
  return (name) =>
    FURTHER_MODELS.find(({ model }) => model === name)?.usdPerMillionTokens ?? USD_PER_MILLION_TOKENS;
}
