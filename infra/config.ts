import {
  entityTypes,
  type FieldOf,
  type TypeWithFields,
  typesWithFields,
  watchedEntities,
} from "../contract/watched-entities.ts";
import { bulkSettings } from "./bulk-settings.ts";
import { catchUpSettings } from "./catch-up-settings.ts";
import { collectionsSettings } from "./collections-settings.ts";
import { compactionSettings } from "./compaction-settings.ts";
import { embeddingSettings } from "./embedding-settings.ts";
import { imagesSettings } from "./images-settings.ts";
import { merchantsSettings } from "./merchants-settings.ts";
import { querySettings } from "./query-settings.ts";
import { address } from "./settings/forms.ts";
import type { ValuesOf } from "./settings/read-all.ts";
import {
  boolean,
  integer,
  list,
  oneOf,
  optionalText,
  type Setting,
  someOf,
  text,
} from "./settings/setting.ts";
import { snapshotsSettings } from "./snapshots-settings.ts";

/** The watched fields of each entity that has any. */
const fieldSettings = Object.fromEntries(
  typesWithFields.map((type) => {
    const { fields, watch } = watchedEntities[type];
    return [watch.setting, someOf<string>({ values: fields, ...watch })];
  }),
) as { readonly [Type in TypeWithFields as SettingOf<Type>]: Setting<readonly FieldOf<Type>[]> };

type SettingOf<Type extends TypeWithFields> = (typeof watchedEntities)[Type]["watch"]["setting"];

/** Every setting of a stack, once. docs/configuration.md is generated from it (`npm run docs`). */
export const declared = {
  embedding: embeddingSettings,
  ingest: {
    batchSize: integer({
      default: 10,
      from: 1,
      to: 10,
      means:
        "Maximum number of receipts per invocation of the embed function; they share requests to the provider.",
      because: "Ten receipts fill a request to the provider and fit in the timeout.",
    }),
    windowSeconds: integer({
      default: 5,
      from: 0,
      to: 300,
      means: "Batching window of the embed function.",
      because: "Five seconds turn single messages into full requests at little latency.",
    }),
    timeoutSeconds: integer({
      default: 100,
      from: 5,
      to: 900,
      means:
        "Timeout of the embed function. The queue's visibility timeout is ten seconds longer, plus the batching window.",
      because:
        "It bounds recovery from a crash to two minutes, and leaves room for the rate limiter and retries.",
    }),
    memoryMiB: integer({
      default: 1024,
      from: 256,
      to: 10_240,
      means: "Memory of the embed function.",
      because: "Lambda allots CPU by memory; this is at least half a core.",
    }),
    maxReceiveCount: integer({
      default: 50,
      from: 3,
      to: 1000,
      means:
        "Receives of an embed message, throttled ones included, before it moves to the dead-letter queue. A message with invalid input moves there after three, with the reason.",
      because:
        "With the back-off between retries they span most of a day, which outlasts most outages of a provider.",
    }),
    maxOpenRuns: integer({
      default: 5000,
      from: 1,
      to: 100_000,
      means: "Open runs above which the embed function defers new messages (back-pressure).",
      because:
        "Five cycles process this many; more would only wait where waiting costs more than in the embed queue.",
    }),
    deferSeconds: integer({
      default: 30,
      from: 1,
      to: 600,
      means:
        "Minimum mean delay of a deferred message. It grows with the age of the message, up to ten minutes.",
      because: "A compaction cycle takes about as long.",
    }),
    rejectedRetentionDays: integer({
      default: 90,
      from: 1,
      to: 3650,
      means: "Retention of rejected rows in the deltas bucket.",
      because: "Three months leave time to correct the rows and export them again.",
    }),
  },
  stream: {
    startingPosition: oneOf({
      default: "TRIM_HORIZON",
      values: ["TRIM_HORIZON", "LATEST"],
      means:
        "Where the stream processor starts to read the receipts table's stream when it is first deployed.",
      because: "It loses no change, and applying a change is idempotent.",
    }),
    batchSize: integer({
      default: 100,
      from: 1,
      to: 1000,
      means: "Maximum number of stream records per batch.",
      because: "It fills ten SendMessageBatch calls, and bisects in a few steps.",
    }),
    windowSeconds: integer({
      default: 5,
      from: 0,
      to: 300,
      means: "Batching window of the stream processor.",
      because: "Compaction batches changes again before it publishes, so a longer window would save little.",
    }),
    parallelizationFactor: integer({
      default: 1,
      from: 1,
      to: 10,
      means: "Concurrent batches per shard of the stream.",
      because: "One keeps up with a shard's limit of a thousand writes per second.",
    }),
    filterByType: boolean({
      default: false,
      means:
        "Filter the stream by the attribute TYPE: only items whose TYPE is one of stream:entities invoke the stream processor. Changes of items without a TYPE are lost, so set it only if every such item has one.",
      because:
        "Without the filter, items of another application in the table cost invocations, but no change is lost.",
    }),
    entities: someOf({
      values: entityTypes,
      means:
        "Entity types of the receipts table whose changes reach the collections; COMPACTION_RUN is required.",
      because: "Search results then reflect every item that their vectors show.",
    }),
    ...fieldSettings,
  },
  compaction: compactionSettings,
  collections: collectionsSettings,
  verify: {
    settleSeconds: integer({
      default: 60,
      from: 0,
      to: 300,
      means:
        "How long a difference between a collection and the tables must persist before `verify` counts it.",
      because: "SQS reports queue depths up to a minute late, and a change in flight is not a fault.",
    }),
  },
  sweep: {
    everyMinutes: integer({
      default: 5,
      from: 1,
      to: 60,
      means: "How often the sweeper looks for stuck runs and orphaned deltas.",
      because: "A sweep costs next to nothing, and its metrics are never older than this.",
    }),
    openMinutes: integer({
      default: 120,
      from: 1,
      to: 10_080,
      means:
        "How long a run may stay open before the sweeper sends its messages again; also the interval between redrives.",
      because:
        "SQS redelivers a message within minutes, so a run that is open for two hours has lost its message.",
    }),
    redrives: integer({
      default: 3,
      from: 1,
      to: 100,
      means: "Redrives without success after which a run is marked FAILED.",
      because: "A run that three redrives did not complete needs an operator.",
    }),
  },
  storage: {
    receiptsTable: optionalText({
      form: { pattern: /^[a-zA-Z0-9_.-]{3,255}$/, says: "the name of a DynamoDB table" },
      means: "An existing receipts table. It needs keys PK and SK and a stream with NEW_AND_OLD_IMAGES.",
      because: "By default the stack creates its own.",
    }),
    artifactsBucket: optionalText({
      form: { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, says: "the name of an S3 bucket" },
      means: "An existing bucket for OCR rows.",
      because: "By default the stack creates its own.",
    }),
    keepData: boolean({
      default: true,
      means:
        "Protect data: Pulumi refuses at preview to delete or replace tables, buckets, the file system, secrets and queues. Tables also have deletion protection, and buckets refuse deletion while they hold objects.",
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
      means: "CIDR range of the stack's own VPC.",
      because: "It is rarely in use, so the VPC can be peered later.",
    }),
    zones: list({
      form: { pattern: /^[a-z]+\d+-az\d+$/, says: "the id of an availability zone, as use1-az1" },
      means:
        "Ids of the two availability zones of the stack's own VPC. Zone names differ between accounts; ids do not.",
      because: "By default they are the first two zones of the region that support Lambda and Fargate.",
    }),
    endpointZones: integer({
      default: 2,
      from: 1,
      to: 2,
      means:
        "Availability zones of each interface endpoint (SQS, and S3 Vectors with collections:mirror) in the stack's own VPC, at about 7 USD per month each.",
      because: "With one zone, an outage of that zone stops compaction until it ends; no data is lost.",
    }),
    vpcId: optionalText({
      form: { pattern: /^vpc-[0-9a-f]+$/, says: "the id of a VPC, as vpc-0123abcd" },
      means:
        "An existing VPC. It must reach S3, DynamoDB and SQS, and S3 Vectors with collections:mirror, through endpoints or a NAT.",
      because: "By default the stack creates its own, with endpoints and without a NAT.",
    }),
    subnetIds: list({
      form: { pattern: /^subnet-[0-9a-f]+$/, says: "the id of a subnet, as subnet-0123abcd" },
      means: "Private subnets of the existing VPC, in two or more availability zones, one per zone.",
      because: "They are required with network:vpcId, and only then.",
    }),
  },
  query: querySettings,
  catchup: catchUpSettings,
  images: imagesSettings,
  merchants: merchantsSettings,
  bulk: bulkSettings,
  snapshots: snapshotsSettings,
  logs: {
    retentionDays: oneOf({
      default: 30,
      values: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
      means: "Retention of log events.",
      because: "It is longer than any message stays in a queue and its dead-letter queue.",
    }),
    level: oneOf({
      default: "INFO",
      values: ["DEBUG", "INFO", "WARN", "ERROR"],
      means: "Minimum level of the lines that functions and containers log.",
      because: "At INFO every batch, run and cycle leaves a line, so that a receipt can be followed.",
    }),
  },
  tracing: {
    enabled: boolean({
      default: false,
      means: "Whether X-Ray traces functions, the catch-up API and its state machine.",
      because:
        "Traces cost 5 USD per million. Log lines carry the trace id where there is one, and runs, change messages and tasks carry a traceparent.",
    }),
    endpoint: optionalText({
      form: address,
      means:
        "URL of an OTLP/HTTP collector for spans, as http://collector:4318/v1/traces. Functions and containers send JSON to it.",
      because:
        "Without one no span is recorded, and the exporter is not loaded. A function in the VPC reaches only a collector in the VPC.",
    }),
  },
  deploy: {
    permissionsBoundary: optionalText({
      form: { pattern: /^arn:aws[a-z-]*:iam::\d{12}:policy\/\S+$/, says: "the ARN of a managed policy" },
      means:
        "Permissions boundary of every role of the stack. The deploy role of infra/ci makes no role without its own.",
      because:
        "Roles have least privilege without one; it is for accounts that require one, and for infra/ci.",
    }),
  },
  alarms: {
    email: optionalText({
      form: { pattern: /^[^@\s]+@[^@\s]+$/, says: "an email address" },
      means:
        "Email address that the stack's own topic notifies; SNS asks it to confirm. Unused if alarms:topicArn is set.",
      because: "Without one the topic has no subscriber until somebody adds one.",
    }),
    topicArn: optionalText({
      form: { pattern: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$/, says: "the ARN of an SNS topic" },
      means: "SNS topic that every alarm notifies when it fires and when it clears.",
      because: "By default the stack creates its own.",
    }),
    runbooksUrl: optionalText({
      form: address,
      means:
        "URL of the folder docs/runbooks in your copy of the repository. Every alarm links to its runbook under it.",
      because: "By default an alarm names the path in the repository.",
    }),
  },
} as const;

/** The validated settings. A secret is a Pulumi secret output; every other setting is a plain value. */
export type Settings = ValuesOf<typeof declared>;
