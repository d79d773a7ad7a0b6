import { address, headerKey, otlpHeaders } from "./settings/forms.ts";
import { boolean, integer, list, oneOf, optionalSecret, optionalText, text } from "./settings/setting.ts";

const modelName = { pattern: /^\S+$/, says: "a name without spaces" };
const price = { pattern: /^\d+(\.\d+)?\/\d+(\.\d+)?$/, says: "two prices, as 1/5" };

/** The settings of the image flow; config.ts includes them. */
export const imagesSettings = {
  enabled: boolean({
    default: false,
    means: "Deploy the image flow: buckets, functions, an Aurora PostgreSQL database and the search API.",
    because: "It costs a database and calls of vision models, which not every stack wants.",
  }),
  users: list({
    form: { pattern: /^[A-Za-z0-9._-]{1,64}$/, says: "1 to 64 letters, digits and . _ -" },
    means: "Users with an API key of their own for the image search; each sees only images under its name.",
    because: "A key names its user, so there is none without a user.",
  }),
  authorization: oneOf({
    default: "key",
    values: ["key", "iam"],
    means:
      "Authorization of the image search: the API key of a user, or a SigV4 signature, whose IAM user or session name is the user.",
    because: "A key needs no AWS credentials.",
  }),
  provider: oneOf({
    default: "anthropic",
    values: ["anthropic", "openai"],
    means: "Provider of the vision model.",
    because: "Its small model is accurate with text in images.",
  }),
  fallbackProvider: oneOf({
    default: "none",
    values: ["none", "anthropic", "openai"],
    means: "Provider that is asked where the first one fails or refuses.",
    because: "A second provider needs a second account.",
  }),
  anthropicApiKey: optionalSecret({
    form: headerKey,
    means: "API key of Anthropic; required if it is a provider of the image flow.",
    because: "A stack without Anthropic needs none.",
  }),
  anthropicBaseUrl: text({
    default: "https://api.anthropic.com",
    form: address,
    means: "Base URL of Anthropic's API, without /v1.",
    because: "It is Anthropic's own URL.",
  }),
  anthropicModel: text({
    default: "claude-haiku-4-5",
    form: modelName,
    means: "Anthropic's name of the vision model.",
    because: "It is the cheapest current model with vision and structured output.",
  }),
  anthropicPrice: text({
    default: "1/5",
    form: price,
    means: "USD per million tokens of the Anthropic model: input and output.",
    because: "It is the list price of the default model.",
  }),
  openAiApiKey: optionalSecret({
    form: headerKey,
    means: "API key of OpenAI; required if it is a provider of the image flow.",
    because: "A stack without OpenAI needs none.",
  }),
  openAiBaseUrl: text({
    default: "https://api.openai.com/v1",
    form: address,
    means: "Base URL of OpenAI's API.",
    because: "It is OpenAI's own URL.",
  }),
  openAiModel: text({
    default: "gpt-5-mini",
    form: modelName,
    means: "OpenAI's name of the vision model.",
    because: "It is a cheap model with vision and structured output.",
  }),
  openAiPrice: text({
    default: "0.25/2",
    form: price,
    means: "USD per million tokens of the OpenAI model: input and output.",
    because: "It is the list price of the default model.",
  }),
  requestsPerMinute: integer({
    default: 50,
    from: 1,
    to: 1_000_000,
    means: "Requests per minute that all functions together may send to a vision provider.",
    because: "It is the limit of Anthropic's first paid tier.",
  }),
  tokensPerMinute: integer({
    default: 50_000,
    from: 25_000,
    to: 1_000_000_000,
    means: "Tokens per minute that all functions together may send to a vision provider.",
    because: "It is the limit of Anthropic's first paid tier.",
  }),
  usdPerDay: integer({
    default: 10,
    from: 0,
    to: 1_000_000,
    means:
      "Daily budget of the vision models (UTC) in USD; 0: no limit. Images beyond it wait for the next day.",
    because: "A mistaken upload of a whole archive costs no more than this per day.",
  }),
  voyageApiKey: optionalSecret({
    form: headerKey,
    means: "API key of Voyage AI; required if images:enabled is true.",
    because: "Nothing can be embedded without it.",
  }),
  voyageBaseUrl: text({
    default: "https://api.voyageai.com/v1",
    form: address,
    means: "Base URL of Voyage's embeddings API.",
    because: "It is Voyage's own URL.",
  }),
  embeddingModel: text({
    default: "voyage-4-lite",
    form: modelName,
    means: "Voyage's name of the model that embeds analyses and questions.",
    because: "It costs least and shares its vector space with the larger models of its generation.",
  }),
  embeddingDimensions: integer({
    default: 1024,
    from: 1,
    to: 2000,
    means: "Dimensions of the vectors of images. The database cannot change them later.",
    because: "It is the model's default; the index takes at most 2,000.",
  }),
  voyageRequestsPerMinute: integer({
    default: 2000,
    from: 1,
    to: 1_000_000,
    means: "Requests per minute that all functions together may send to Voyage.",
    because: "It is the limit of Voyage's first paid tier.",
  }),
  voyageTokensPerMinute: integer({
    default: 8_000_000,
    from: 120_000,
    to: 1_000_000_000,
    means: "Tokens per minute that all functions together may send to Voyage.",
    because: "It is half the limit of Voyage's first paid tier.",
  }),
  otlpEndpoint: optionalText({
    form: address,
    means:
      "URL of an OTLP/HTTP collector for the spans of the functions that ask models, as https://api.smith.langchain.com/otel/v1/traces; they then go there in place of tracing:endpoint.",
    because:
      "A collector of model calls is usually another one than that of a stack. Each invocation waits up to 200 ms for it.",
  }),
  otlpHeaders: optionalSecret({
    form: otlpHeaders,
    means:
      "Headers that this collector asks for, as in OTEL_EXPORTER_OTLP_HEADERS: x-api-key=KEY,Langsmith-Project=NAME.",
    because: "A collector in your network needs none.",
  }),
  maxMegabytes: integer({
    default: 50,
    from: 1,
    to: 200,
    means: "Maximum size of an uploaded image in megabytes. A larger one goes to the dead-letter queue.",
    because: "Originals of current cameras are smaller, and the processor holds a file in memory.",
  }),
  maxMegapixels: integer({
    default: 100,
    from: 1,
    to: 268,
    means: "Maximum size of an uploaded image in millions of pixels, checked before a pixel is decoded.",
    because: "Current cameras have fewer, and a small file can claim any number.",
  }),
  heic: boolean({
    default: true,
    means: "Accept HEIC images, as iPhones take them. Their decoder (libheif) is under the LGPL.",
    because: "Most photos from iPhones are HEIC.",
  }),
  maximumConcurrency: integer({
    default: 5,
    from: 2,
    to: 1000,
    means: "Maximum concurrency of each function of the image flow.",
    because: "More analyzers would wait for the provider's rate limit, and waiting is billed.",
  }),
  watchHours: integer({
    default: 12,
    from: 1,
    to: 12,
    means: "Hours between two counts of unfinished images, which the alarm images-unfinished reads.",
    because: "Each count wakes the database, for some 0.01 USD.",
  }),
  unfinishedMinutes: integer({
    default: 60,
    from: 5,
    to: 10_080,
    means: "Minutes after which an image without the vector of its newest analysis counts as unfinished.",
    because: "The back-off of a failing provider reaches half an hour.",
  }),
  renditionDays: integer({
    default: 3650,
    from: 1,
    to: 3650,
    means: "Retention of thumbnails and analysis copies.",
    because: "Search results show thumbnails; a stack for tests can expire them after 90 days.",
  }),
  maxCapacityUnits: integer({
    default: 2,
    from: 1,
    to: 128,
    means: "Maximum capacity of the database in Aurora capacity units, each with 2 GiB of memory.",
    because: "Two hold the vectors of about 100,000 images in memory.",
  }),
  pauseAfterMinutes: integer({
    default: 10,
    from: 5,
    to: 1440,
    means: "Minutes without a query after which the database pauses; it starts again within a minute.",
    because: "A paused database costs only its storage.",
  }),
  lexicalWeightPercent: integer({
    default: 30,
    from: 0,
    to: 100,
    means: "Weight of the full-text side of a hybrid search; the vector side has the rest.",
    because: "Vectors rank better on most questions, and names and numbers need the words.",
  }),
  rankConstant: integer({
    default: 15,
    from: 1,
    to: 1000,
    means: "Constant of reciprocal rank fusion: the higher, the less the first ranks differ from the next.",
    because: "Users look at ten hits, for which a small constant is better than the usual 60.",
  }),
} as const;
