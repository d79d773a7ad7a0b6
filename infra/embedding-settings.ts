import { address, headerKey } from "./settings/forms.ts";
import { boolean, integer, secret, text } from "./settings/setting.ts";

const anyName = { pattern: /^\S+$/, says: "a name without spaces" };

/** The settings of the embedding provider and its limits; config.ts includes them. */
export const embeddingSettings = {
  model: text({
    default: "text-embedding-3-small",
    form: anyName,
    means: "The provider's name of the model that makes every vector of the stack.",
    because: "It is the cheapest current OpenAI model, and good on short texts.",
  }),
  dimensions: integer({
    default: 1536,
    from: 1,
    to: 4096,
    means:
      "Dimensions of a vector. They are requested from the provider, and every delta is checked against them.",
    because: "It is the full length of text-embedding-3-small.",
  }),
  baseUrl: text({
    default: "https://api.openai.com/v1",
    form: address,
    means: "Base URL of the provider's API: any server that implements OpenAI's embeddings API.",
    because: "It is OpenAI's own URL.",
  }),
  apiKey: secret({
    form: headerKey,
    means: "The provider's API key.",
    because: "Nothing can be embedded without it.",
  }),
  requestsPerMinute: integer({
    default: 3000,
    from: 1,
    to: 1_000_000,
    means: "Requests per minute that all functions together may send to the provider.",
    because: "It is the limit of OpenAI's first paid tier.",
  }),
  maxInputsPerRequest: integer({
    default: 2048,
    from: 1,
    to: 2048,
    means: "Maximum number of texts per request to the provider.",
    because: "It is OpenAI's limit; other providers accept 96 to 1,000.",
  }),
  tokensPerMinute: integer({
    default: 1_000_000,
    from: 1000,
    to: 1_000_000_000,
    means: "Tokens per minute that all functions together may send to the provider.",
    because: "It is the limit of OpenAI's first paid tier.",
  }),
  cache: boolean({
    default: true,
    means:
      "Keep the vectors of texts that catch-up and the bulk API have paid for, in a bucket of the stack, for all of their tasks.",
    because:
      "A vector is kept for a month at a seventh of the price of a text of 50 tokens, and a repeated text is not paid for again.",
  }),
  cacheDays: integer({
    default: 30,
    from: 1,
    to: 3650,
    means: "Days for which the embedding cache keeps a vector.",
    because: "The work bucket keeps the vectors of a task as long (catchup:taskDays).",
  }),
  writeStatus: boolean({
    default: false,
    means:
      "Write `embedding_status` to the RECEIPT_LINE and RECEIPT_WORD items of the receipts table: SUCCESS once their vectors are published, FAILED if their run failed.",
    because: "It writes into your table, which only you can decide, and once per line and word.",
  }),
  maximumConcurrency: integer({
    default: 5,
    from: 2,
    to: 1000,
    means: "Maximum concurrency of the embed function.",
    because: "More invocations would mostly wait for the provider's rate limit, and waiting is billed.",
  }),
} as const;
