import { catchUpApiSettings } from "./catch-up-api-settings.ts";
import { address, callersKey, headerKey } from "./settings/forms.ts";
import { list, optionalSecret, optionalText, text, wholeNumber, yesOrNo } from "./settings/setting.ts";

const named = { pattern: /^\S(.{0,198}\S)?$/, says: "a name of 1 to 200 characters" };

/** The settings of the catch-up system; config.ts has them among all others. */
export const catchUpSettings = {
  enabled: yesOrNo({
    default: false,
    means: "Whether the catch-up API is deployed, with its functions and its state machine.",
    because: "It needs a Pinecone index, which not every stack has.",
  }),
  apiKey: optionalSecret({
    form: callersKey,
    means:
      "The key that callers of the catch-up API send as x-api-key; required where catchup:enabled is true.",
    because: "A shared default would be no secret.",
  }),
  pineconeApiKey: optionalSecret({
    form: headerKey,
    means: "The API key of Pinecone; required where catchup:enabled is true.",
    because: "Nothing can be written without it.",
  }),
  pineconeHost: optionalText({
    form: address,
    means: "Address of the Pinecone index, as its console shows it; required where catchup:enabled is true.",
    because: "A stack writes to one index, and asks nobody for its address.",
  }),
  metabaseUrl: optionalText({
    form: address,
    means: "Address of the Metabase that answers questions; needed for data_source metabase.",
    because: "A stack without one takes CSV files only.",
  }),
  metabaseApiKey: optionalSecret({
    form: headerKey,
    means: "The API key of Metabase; required where catchup:metabaseUrl is set.",
    because: "A stack without Metabase needs none.",
  }),
  metabaseRowCap: wholeNumber({
    default: 1_048_575,
    from: 1,
    to: 1_000_000_000,
    means: "Rows at which Metabase cuts an export; one that has as many is split by dates.",
    because: "It is Metabase's own limit of a download.",
  }),
  startVariable: text({
    default: "start_date",
    form: named,
    means: "Variable of a question that takes the first day; case, blanks and `_` do not count.",
    because: "It is what this product's own questions call it.",
  }),
  endVariable: text({
    default: "end_date",
    form: named,
    means: "Variable of a question that takes the last day; case, blanks and `_` do not count.",
    because: "It is what this product's own questions call it.",
  }),
  idColumn: text({
    default: "id",
    form: named,
    means: "Column that identifies a row; case, blanks and `_` do not count.",
    because: "It is what this product's own questions call it.",
  }),
  textColumn: text({
    default: "formatted_text",
    form: named,
    means: "Column whose text is embedded; case, blanks and `_` do not count.",
    because: "It is what this product's own questions call it.",
  }),
  memoryMiB: wholeNumber({
    default: 1024,
    from: 512,
    to: 10_240,
    means: "Memory of the functions that plan tasks and work on chunks.",
    because: "A chunk of 2,048 rows takes some 400 MiB, and CPU grows with the memory.",
  }),
  timeoutSeconds: wholeNumber({
    default: 900,
    from: 60,
    to: 900,
    means:
      "Longest run of the functions that plan tasks and work on chunks; what is left goes to the state machine.",
    because: "It is the most that Lambda gives.",
  }),
  sourceBucket: optionalText({
    form: { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, says: "the name of an S3 bucket" },
    means: "An existing bucket that holds the CSV files.",
    because: "A stack without one makes its own.",
  }),
  questionId: optionalText({
    form: { pattern: /^[A-Za-z0-9_-]{1,64}$/, says: "the id of a question" },
    means: "Question id of requests that name none; it begins every vector id.",
    because: "A stack without one asks every request for it.",
  }),
  namespace: text({
    default: "v2",
    form: { pattern: /^[!-"$-~]{1,200}$/, says: "1 to 200 printable ASCII characters without #" },
    means: "Namespace of records for which neither their record_type nor their request names one.",
    because: "It is where existing callers look.",
  }),
  batchSize: wholeNumber({
    default: 100,
    from: 1,
    to: 1000,
    means: "Vectors that one request to Pinecone holds at most.",
    because: "A hundred vectors of 1536 dimensions come near the 2 MB that Pinecone takes.",
  }),
  columnTypes: list({
    form: {
      pattern: /^[^=]+=(auto|string|number|boolean)$/,
      says: "a column and its type, as zip=string; types are auto, string, number, boolean",
    },
    means: "Columns whose metadata always has the type that is named here.",
    because: "Without one each cell tells by its form: 12 is a number, 012 is text.",
  }),
  rowsPerFunction: wholeNumber({
    default: 10_000,
    from: 0,
    to: 1_000_000,
    means: "Files with more rows are worked on by the state machine, smaller ones by one function.",
    because: "A function embeds ten thousand rows well within its fifteen minutes.",
  }),
  rowsPerChunk: wholeNumber({
    default: 2048,
    from: 1,
    to: 100_000,
    means: "Rows that one chunk of a file has at most; 8 MiB end it before.",
    because: "They fill one request to the embedding provider.",
  }),
  concurrency: wholeNumber({
    default: 5,
    from: 1,
    to: 1000,
    means: "Chunks of one task that the state machine has worked on at once.",
    because: "More would mostly wait for the provider's limit.",
  }),
  requestsPerSecond: wholeNumber({
    default: 20,
    from: 1,
    to: 10_000,
    means:
      "Embedding requests a second that all tasks together may send, within embedding:requestsPerMinute.",
    because: "It leaves room for the embedding of receipts, which shares the limit.",
  }),
  tokensPerText: wholeNumber({
    default: 8191,
    from: 1,
    to: 1_000_000,
    means: "Tokens that the model reads of one text; a record with more fails alone.",
    because: "It is the limit of text-embedding-3-small.",
  }),
  usdPerMillionTokens: text({
    default: "0.02",
    form: { pattern: /^\d+(\.\d+)?$/, says: "an amount of US dollars, as 0.02" },
    means: "Price of a million tokens, from which a dry run tells the cost.",
    because: "It is the price of text-embedding-3-small.",
  }),
  taskDays: wholeNumber({
    default: 30,
    from: 1,
    to: 3650,
    means: "How long tasks, their plans, results and failed records are kept.",
    because: "A month is time to look into what failed, and to try it again.",
  }),
  requestsPerSecondOfCallers: wholeNumber({
    default: 50,
    from: 1,
    to: 10_000,
    means: "Requests a second that the API answers; more get 429.",
    because: "It lets many callers ask for the status, and no loop run away.",
  }),
  burstOfCallers: wholeNumber({
    default: 100,
    from: 1,
    to: 5000,
    means: "Requests that the API answers at once after a pause.",
    because: "Twice the rate takes up what comes in waves.",
  }),
  requestsPerDay: wholeNumber({
    default: 1_000_000,
    from: 1,
    to: 100_000_000,
    means: "Requests a day under the API's key.",
    because: "It is what a status question a second of ten callers needs.",
  }),
  ...catchUpApiSettings,
} as const;
