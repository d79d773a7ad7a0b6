import { sinks } from "../contract/catch-up-sinks.ts";
import { catchUpApiSettings } from "./catch-up-api-settings.ts";
import { address, callersKey, headerKey } from "./settings/forms.ts";
import { boolean, integer, list, oneOf, optionalSecret, optionalText, text } from "./settings/setting.ts";

const named = { pattern: /^\S(.{0,198}\S)?$/, says: "a name of 1 to 200 characters" };

/** The settings of the catch-up system; config.ts includes them. */
export const catchUpSettings = {
  enabled: boolean({
    default: false,
    means: "Deploy the catch-up API with its functions and its state machine.",
    because: "It requires keys of its own, which not every stack has.",
  }),
  apiKey: optionalSecret({
    form: callersKey,
    means: "API key that callers of the catch-up API send as x-api-key; required if catchup:enabled is true.",
    because: "A shared default would not be secret.",
  }),
  sink: oneOf({
    default: "pinecone",
    values: sinks,
    means:
      "Where the vectors go: an index of Pinecone, a vector bucket of S3 that the stack makes, or a database of a Chroma server.",
    because:
      "It is where the vectors of existing stacks are. A vector bucket needs no key, and costs nothing while empty.",
  }),
  pineconeApiKey: optionalSecret({
    form: headerKey,
    means: "API key of Pinecone; required if catchup:sink is pinecone.",
    because: "Pinecone accepts no write without it.",
  }),
  pineconeHost: optionalText({
    form: address,
    means: "URL of the Pinecone index, as its console shows it; required if catchup:sink is pinecone.",
    because: "A stack writes to one index and does not look up its URL.",
  }),
  chromaUrl: optionalText({
    form: address,
    means: "URL of the Chroma server, as https://api.trychroma.com; required if catchup:sink is chroma.",
    because: "The stack makes no server of its own for catch-up.",
  }),
  chromaDatabase: text({
    default: "default_tenant/default_database",
    form: { pattern: /^[\w-]{1,100}\/[\w-]{1,100}$/, says: "a tenant and a database, as tenant/database" },
    means: "Tenant and database of the Chroma server, which must exist.",
    because: "Every Chroma server has them from its start; Chroma Cloud names others.",
  }),
  chromaApiKey: optionalSecret({
    form: headerKey,
    means: "API key of the Chroma server; Chroma Cloud requires one.",
    because: "A server of one's own may need none.",
  }),
  metabaseUrl: optionalText({
    form: address,
    means: "URL of the Metabase server; required for data_source metabase.",
    because: "A stack without one accepts CSV files only.",
  }),
  metabaseApiKey: optionalSecret({
    form: headerKey,
    means: "API key of Metabase; required if catchup:metabaseUrl is set.",
    because: "A stack without Metabase needs none.",
  }),
  inVpc: boolean({
    default: false,
    means:
      "Place the function that queries Metabase in the subnets of network:vpcId, for a private Metabase; they need a route to the internet.",
    because: "A Metabase that the internet reaches needs no VPC, and the stack's own VPC has no NAT gateway.",
  }),
  metabaseRowCap: integer({
    default: 1_048_575,
    from: 1,
    to: 1_000_000_000,
    means: "Row limit of a Metabase export. An export that reaches it is split by date.",
    because: "It is Metabase's own limit for downloads.",
  }),
  startVariable: text({
    default: "start_date",
    form: named,
    means: "Variable of a question for the start date; case, spaces and `_` are ignored.",
    because: "It is the name in this product's own questions.",
  }),
  endVariable: text({
    default: "end_date",
    form: named,
    means: "Variable of a question for the end date; case, spaces and `_` are ignored.",
    because: "It is the name in this product's own questions.",
  }),
  idColumn: text({
    default: "id",
    form: named,
    means: "Column that identifies a row; case, spaces and `_` are ignored.",
    because: "It is the name in this product's own questions.",
  }),
  textColumn: text({
    default: "formatted_text",
    form: named,
    means: "Column whose text is embedded; case, spaces and `_` are ignored.",
    because: "It is the name in this product's own questions.",
  }),
  memoryMiB: integer({
    default: 1024,
    from: 512,
    to: 10_240,
    means: "Memory of the functions that plan tasks and process chunks.",
    because: "A chunk of 2,048 rows takes about 400 MiB, and CPU scales with memory.",
  }),
  timeoutSeconds: integer({
    default: 900,
    from: 60,
    to: 900,
    means:
      "Timeout of the functions that plan tasks and process chunks. The state machine continues an unfinished task.",
    because: "It is Lambda's maximum.",
  }),
  sourceBucket: optionalText({
    form: { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, says: "the name of an S3 bucket" },
    means: "An existing bucket for CSV files.",
    because: "By default the stack creates its own.",
  }),
  questionId: optionalText({
    form: { pattern: /^[A-Za-z0-9_-]{1,64}$/, says: "the id of a question" },
    means: "Default question id of requests; it is the prefix of every vector id.",
    because: "Without one every request must name its question.",
  }),
  namespace: text({
    default: "v2",
    form: { pattern: /^[!-"$-~]{1,200}$/, says: "1 to 200 printable ASCII characters without #" },
    means: "Default namespace, for records without a record_type whose request names none.",
    because: "It is the namespace that existing callers query.",
  }),
  batchSize: integer({
    default: 100,
    from: 1,
    to: 1000,
    means: "Maximum number of vectors per request to the sink.",
    because:
      "A hundred vectors with 1536 dimensions come near Pinecone's limit of 2 MB; the limits of a sink apply besides.",
  }),
  columnTypes: list({
    form: {
      pattern: /^[^=]+=(auto|string|number|boolean)$/,
      says: "a column and its type, as zip=string; types are auto, string, number, boolean",
    },
    means: "Metadata types of columns, which override type inference.",
    because: "By default the type of each cell is inferred: 12 is a number, 012 is a string.",
  }),
  rowsPerFunction: integer({
    default: 10_000,
    from: 0,
    to: 1_000_000,
    means:
      "Maximum number of rows of a task that one function processes; the state machine processes larger ones.",
    because: "A function embeds ten thousand rows well within its timeout of 15 minutes.",
  }),
  rowsPerChunk: integer({
    default: 2048,
    from: 1,
    to: 100_000,
    means: "Maximum number of rows per chunk; a chunk also ends at 8 MiB.",
    because: "They fill one request to the embedding provider.",
  }),
  concurrency: integer({
    default: 5,
    from: 1,
    to: 1000,
    means: "Maximum number of concurrent chunks per task in the state machine.",
    because: "More would mostly wait for the provider's rate limit.",
  }),
  batchesInFlight: integer({
    default: 4,
    from: 1,
    to: 1000,
    means: "Maximum number of concurrent batches per task in lane batch, of 49,152 texts each.",
    because:
      "Four batches of short texts stay within the tokens that OpenAI enqueues per model from usage tier 2 on; in tier 1 set 1.",
  }),
  batchMinSavingUsd: text({
    default: "0.10",
    form: { pattern: /^\d+(\.\d+)?$/, says: "an amount of US dollars, as 0.10" },
    means: "Lane auto uses batches if they are estimated to save at least this much.",
    because: "A task that saves less than ten cents is not worth up to a day of waiting.",
  }),
  requestsPerSecond: integer({
    default: 20,
    from: 1,
    to: 10_000,
    means:
      "Embedding requests per second that all tasks together may send, within embedding:requestsPerMinute.",
    because: "It leaves room for the embedding of receipts, which shares the limit.",
  }),
  tokensPerText: integer({
    default: 8191,
    from: 1,
    to: 1_000_000,
    means: "Maximum number of tokens per text. A record with more fails; others do not.",
    because: "It is the limit of text-embedding-3-small.",
  }),
  usdPerMillionTokens: text({
    default: "0.02",
    form: { pattern: /^\d+(\.\d+)?$/, says: "an amount of US dollars, as 0.02" },
    means: "Price per million tokens, from which a dry run estimates the cost.",
    because: "It is the price of text-embedding-3-small.",
  }),
  models: list({
    form: {
      pattern: /^[^\s=@]+=[1-9]\d{0,4}@\d+(\.\d+)?$/,
      says: "a model, its dimensions and its price, as text-embedding-3-large=3072@0.13",
    },
    means:
      "Models of the provider that a request may name beside embedding:model: name, dimensions and US dollars per million tokens. They share the limits embedding:requestsPerMinute and embedding:tokensPerMinute.",
    because: "One model is enough for most stacks, and a namespace takes the vectors of one model only.",
  }),
  taskDays: integer({
    default: 30,
    from: 1,
    to: 3650,
    means: "Retention of tasks with their plans, results and failed records.",
    because: "A month leaves time to investigate and retry failures.",
  }),
  requestsPerSecondOfCallers: integer({
    default: 50,
    from: 1,
    to: 10_000,
    means: "Rate limit of the API, in requests per second; requests beyond it get 429.",
    because: "It admits many callers that poll the status, and stops a runaway loop.",
  }),
  burstOfCallers: integer({
    default: 100,
    from: 1,
    to: 5000,
    means: "Burst limit of the API, in requests.",
    because: "Twice the rate absorbs bursts.",
  }),
  requestsPerDay: integer({
    default: 1_000_000,
    from: 1,
    to: 100_000_000,
    means: "Quota of the API key, in requests per day.",
    because: "Ten callers that poll the status every second stay within it.",
  }),
  ...catchUpApiSettings,
} as const;
