import { catchUpSettings } from "./catch-up-settings.ts";
import { compactionSettings } from "./compaction-settings.ts";
import { address, callersKey, headerKey } from "./settings/forms.ts";
import type { ValuesOf } from "./settings/read-all.ts";
import {
  list,
  oneOf,
  optionalSecret,
  optionalText,
  secret,
  someOf,
  text,
  wholeNumber,
  yesOrNo,
} from "./settings/setting.ts";

const anyName = { pattern: /^\S+$/, says: "a name without spaces" };

/** Kinds of items of the receipts table whose changes the collections may have to follow. */
export const entityTypes = [
  "COMPACTION_RUN",
  "RECEIPT_METADATA",
  "RECEIPT_WORD_LABEL",
  "RECEIPT",
  "RECEIPT_LINE",
  "RECEIPT_WORD",
] as const;

/** What vectors take from a RECEIPT_METADATA item. */
export const metadataFields = [
  "canonical_merchant_name",
  "merchant_name",
  "merchant_category",
  "address",
  "phone_number",
  "place_id",
] as const;

/** What says of a word what it is, and why that is believed. */
export const labelFields = [
  "label",
  "validation_status",
  "label_proposed_by",
  "label_consolidated_from",
  "reasoning",
] as const;

/** Every setting of a stack, once. docs/configuration.md is made from this (`npm run docs`). */
export const declared = {
  embedding: {
    model: text({
      default: "text-embedding-3-small",
      form: anyName,
      means: "The provider's name of the model that makes every vector of the stack.",
      because: "It is the cheapest current OpenAI model, and good on short texts.",
    }),
    dimensions: wholeNumber({
      default: 1536,
      from: 1,
      to: 4096,
      means: "Length of a vector, which the provider is asked for and every delta is checked against.",
      because: "It is the full length of text-embedding-3-small.",
    }),
    baseUrl: text({
      default: "https://api.openai.com/v1",
      form: address,
      means: "Where the provider's API is: any server that speaks OpenAI's embeddings API.",
      because: "It is OpenAI's own address.",
    }),
    apiKey: secret({
      form: headerKey,
      means: "The provider's API key.",
      because: "Nothing can be embedded without it.",
    }),
    requestsPerMinute: wholeNumber({
      default: 3000,
      from: 1,
      to: 1_000_000,
      means: "Requests a minute that all functions together may send to the provider.",
      because: "It is the limit of OpenAI's first paid tier.",
    }),
    maxInputsPerRequest: wholeNumber({
      default: 2048,
      from: 1,
      to: 2048,
      means: "Texts that one request to the provider holds at most.",
      because: "It is what OpenAI takes; other providers take 96 to 1,000.",
    }),
    tokensPerMinute: wholeNumber({
      default: 1_000_000,
      from: 1000,
      to: 1_000_000_000,
      means: "Tokens a minute that all functions together may send to the provider.",
      because: "It is the limit of OpenAI's first paid tier.",
    }),
    maximumConcurrency: wholeNumber({
      default: 5,
      from: 2,
      to: 1000,
      means: "Embed functions that run at once.",
      because: "More would mostly wait for the provider's limit, and waiting is paid for.",
    }),
  },
  ingest: {
    batchSize: wholeNumber({
      default: 10,
      from: 1,
      to: 10,
      means: "Receipts that one embed function takes at once and embeds in shared requests.",
      because: "Ten receipts fill a provider request, and are few enough for the time limit.",
    }),
    windowSeconds: wholeNumber({
      default: 5,
      from: 0,
      to: 300,
      means: "How long a batch of receipts may gather.",
      because: "Five seconds turn single messages into full requests, and nobody waits long.",
    }),
    timeoutSeconds: wholeNumber({
      default: 100,
      from: 5,
      to: 900,
      means:
        "Time limit of the embed function; the queue's visibility timeout is ten seconds more, plus the window.",
      because:
        "A crash at any moment is over within two minutes, and it leaves room for the rate limiter and the provider's retries.",
    }),
    memoryMiB: wholeNumber({
      default: 1024,
      from: 256,
      to: 10_240,
      means: "Memory of the embed function.",
      because: "Lambda gives CPU by memory, and this is half a core or more.",
    }),
    maxReceiveCount: wholeNumber({
      default: 50,
      from: 3,
      to: 1000,
      means:
        "Receives of an embed message, throttled ones included, before it goes to the dead-letter queue; what fails for its own input goes there with its reason after three.",
      because:
        "With the back-off of failed messages they span most of a day, which outlasts most outages of a provider.",
    }),
    maxOpenRuns: wholeNumber({
      default: 5000,
      from: 1,
      to: 100_000,
      means:
        "Runs that may wait for compaction before the embed function sends its messages back, to come again later.",
      because: "They are five cycles' worth; more would only wait in dearer places than the embed queue.",
    }),
    deferSeconds: wholeNumber({
      default: 30,
      from: 1,
      to: 600,
      means:
        "The least mean delay after which a message that was sent back comes again; it grows with the time that the message has waited, up to ten minutes.",
      because: "A cycle takes about as long.",
    }),
    rejectedRetentionDays: wholeNumber({
      default: 90,
      from: 1,
      to: 3650,
      means: "How long the rows that were rejected are kept in the deltas bucket.",
      because: "A quarter is time to correct and export them again.",
    }),
  },
  stream: {
    startingPosition: oneOf({
      default: "TRIM_HORIZON",
      values: ["TRIM_HORIZON", "LATEST"],
      means: "Where the first reading of the receipts table's stream starts.",
      because: "The oldest record loses nothing, and applying a change twice is harmless.",
    }),
    batchSize: wholeNumber({
      default: 100,
      from: 1,
      to: 1000,
      means: "Stream records that one stream processor takes at once.",
      because: "It is ten full sends to a queue, and small enough to bisect in a few steps.",
    }),
    windowSeconds: wholeNumber({
      default: 5,
      from: 0,
      to: 300,
      means: "How long a batch of stream records may gather.",
      because: "Changes gather again before a publish, so a longer wait would save little.",
    }),
    parallelizationFactor: wholeNumber({
      default: 1,
      from: 1,
      to: 10,
      means: "Stream processors that work on one shard at once.",
      because: "One keeps up with a shard's thousand writes a second.",
    }),
    filterByType: yesOrNo({
      default: false,
      means:
        "Whether only items whose attribute TYPE names one of stream:entities invoke the stream processor; true only where every item of these kinds has its TYPE, or its changes would be lost.",
      because:
        "A table that is shared with an application costs an invocation for its items too, but loses no change of ours.",
    }),
    entities: someOf({
      values: entityTypes,
      means:
        "Kinds of items of the receipts table whose changes reach the collections; COMPACTION_RUN must be one of them.",
      because: "A search is then never older than any item that its vectors tell of.",
    }),
    metadataFields: someOf({
      values: metadataFields,
      means:
        "Fields of a RECEIPT_METADATA item, one of which must have changed for its change to be passed on; with none, edited metadata would never reach its vectors.",
      because: "They are all that a vector holds of it.",
    }),
    labelFields: someOf({
      values: labelFields,
      default: ["label", "validation_status", "label_consolidated_from"],
      means:
        "Fields of a RECEIPT_WORD_LABEL item, one of which must have changed for its change to be passed on; with none, edited labels would never reach their vectors.",
      because:
        "They say what a label is and whether it holds; who proposed it and why shows in no vector, so a change of that would publish a generation for nothing.",
    }),
  },
  compaction: compactionSettings,
  verify: {
    settleSeconds: wholeNumber({
      default: 60,
      from: 0,
      to: 300,
      means:
        "How long a difference between a collection and what is true has to stand before `verify` counts it.",
      because: "SQS may be a minute late to count a message, and what is on its way is no damage.",
    }),
  },
  sweep: {
    everyMinutes: wholeNumber({
      default: 5,
      from: 1,
      to: 60,
      means:
        "How often the sweeper looks for runs that stay open and for deltas that nothing names any more.",
      because: "A sweep of few runs costs next to nothing, and its figures are never older.",
    }),
    openMinutes: wholeNumber({
      default: 120,
      from: 1,
      to: 10_080,
      means: "How long a run may stay open before its messages are sent again, and again after each sending.",
      because: "A message is redelivered within minutes; what is open for two hours has lost its message.",
    }),
    redrives: wholeNumber({
      default: 3,
      from: 1,
      to: 100,
      means: "Sendings in vain after which a run is given up and told of as failed.",
      because: "What three sendings have not helped needs a person.",
    }),
  },
  storage: {
    receiptsTable: optionalText({
      form: { pattern: /^[a-zA-Z0-9_.-]{3,255}$/, says: "the name of a DynamoDB table" },
      means:
        "An existing receipts table to use; it needs keys PK and SK and a stream with NEW_AND_OLD_IMAGES.",
      because: "A stack without one makes its own.",
    }),
    artifactsBucket: optionalText({
      form: { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, says: "the name of an S3 bucket" },
      means: "An existing bucket that holds the OCR rows.",
      because: "A stack without one makes its own.",
    }),
    keepData: yesOrNo({
      default: true,
      means:
        "Pulumi refuses, at preview, to delete or replace tables, buckets, the file system, secrets and queues; tables refuse by themselves too, and buckets while they hold objects.",
      because: "Destroying a stack by mistake must not destroy the data.",
    }),
  },
  network: {
    cidr: text({
      default: "10.87.0.0/16",
      form: {
        pattern: /^(10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168)(\.\d{1,3}){2}\/(1[6-9]|2[0-4])$/,
        says: "a private IPv4 range from /16 to /24, as 10.87.0.0/16",
      },
      means: "Address range of the VPC that the stack makes.",
      because: "It is seldom taken, so the VPC can be peered later.",
    }),
    zones: list({
      form: { pattern: /^[a-z]+\d+-az\d+$/, says: "the id of an availability zone, as use1-az1" },
      means:
        "Ids of the two availability zones of the VPC that the stack makes; the name of a zone means another one in each account.",
      because: "Without it, they are the first two of the region that Lambda and Fargate support.",
    }),
    endpointZones: wholeNumber({
      default: 2,
      from: 1,
      to: 2,
      means:
        "Availability zones in which the SQS endpoint of the stack's own VPC has a network interface, at about 7 USD a month each.",
      because: "With one, losing its zone stops compaction until the zone is back; nothing is lost.",
    }),
    vpcId: optionalText({
      form: { pattern: /^vpc-[0-9a-f]+$/, says: "the id of a VPC, as vpc-0123abcd" },
      means: "An existing VPC to use; it must reach S3, DynamoDB and SQS by endpoints or a NAT.",
      because: "A stack without one makes its own, with endpoints and no NAT.",
    }),
    subnetIds: list({
      form: { pattern: /^subnet-[0-9a-f]+$/, says: "the id of a subnet, as subnet-0123abcd" },
      means: "Private subnets of the existing VPC, one in each of two or more availability zones.",
      because: "They belong to the VPC that is brought.",
    }),
  },
  query: {
    enabled: yesOrNo({
      default: false,
      means: "Whether the query server is deployed as an ECS service.",
      because: "Its image needs Docker at deploy time, and it costs money while idle.",
    }),
    port: wholeNumber({
      default: 8080,
      from: 1024,
      to: 65_535,
      means: "Port of the query server and of the internal load balancer in front of it.",
      because: "It needs no privileges.",
    }),
    apiKey: optionalSecret({
      form: callersKey,
      means: "The key that a search request must carry; required where query:enabled is true.",
      because: "A shared default would be no secret.",
    }),
    cpu: oneOf({
      default: 512,
      values: [256, 512, 1024, 2048, 4096],
      means: "CPU units of one query task; 1024 are one core.",
      because: "A query of 100,000 vectors takes 5 ms, so half a core answers many.",
    }),
    memoryMiB: wholeNumber({
      default: 2048,
      from: 512,
      to: 30_720,
      means: "Memory of one query task.",
      because:
        "Two collections of 50,000 vectors of 1536 dimensions take 0.7 GiB, twice while the next generation opens.",
    }),
    exactVectors: wholeNumber({
      default: 50_000,
      from: 0,
      to: 1_000_000,
      means:
        "Vectors of a shard up to which every answer is exact and compares letters too; above it, Chroma's approximate index answers by vectors alone.",
      because:
        "Two collections of them fit the default memory, and approximate answers miss vectors that are stored.",
    }),
    minCosinePercent: wholeNumber({
      default: 25,
      from: 0,
      to: 100,
      means:
        "Hundredths of cosine similarity below which a row that shares few letters with a question is no hit: the answer may be that nothing fits.",
      because: "Unrelated short texts of text-embedding-3-small are below it; other models differ.",
    }),
    desiredCount: wholeNumber({
      default: 2,
      from: 1,
      to: 50,
      means: "Query tasks that run at once.",
      because: "One a zone, so that losing a zone loses no search.",
    }),
  },
  catchup: catchUpSettings,
  logs: {
    retentionDays: oneOf({
      default: 30,
      values: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
      means: "How long log events are kept.",
      because: "It is longer than any message lives in a queue and its dead-letter queue.",
    }),
  },
  alarms: {
    email: optionalText({
      form: { pattern: /^[^@\s]+@[^@\s]+$/, says: "a mail address" },
      means: "Who gets a mail of every alarm, where alarms:topicArn is not set; SNS asks them to confirm it.",
      because: "Without one the stack's topic has no subscriber until somebody subscribes.",
    }),
    topicArn: optionalText({
      form: { pattern: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$/, says: "the ARN of an SNS topic" },
      means: "SNS topic that every alarm notifies when it goes off and when it clears.",
      because: "A stack without one makes its own.",
    }),
  },
} as const;

/** The checked settings. A secret is a Pulumi secret output; all else is a plain value. */
export type Settings = ValuesOf<typeof declared>;
