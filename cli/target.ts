import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { RunQueuesConfig } from "../core/runs/run-queues.ts";
import { VectorkeepError } from "../core/vectorkeep-error.ts";

const names = z.object({
  embed: z.string(),
  exportOcrResults: z.string(),
  streamProcessor: z.string(),
  compaction: z.string(),
  fold: z.string(),
  generations: z.string(),
  verify: z.string(),
  sweeper: z.string(),
  exportSnapshot: z.string(),
});

/** In shard order. */
const urlsOfShards = z.array(z.string()).min(1);

const catchUpNames = z.object({
  api: z.string(),
  run: z.string(),
  chunk: z.string(),
  settle: z.string(),
  watch: z.string(),
});

/** Stacks that were deployed before this setting existed use the key. */
const authorization = z.enum(["key", "key-and-iam"]).default("key");

const catchUp = z.object({
  url: z.string(),
  authorization,
  apiKeySecret: z.string(),
  sourceBucket: z.string(),
  workBucket: z.string(),
  tasksTable: z.string(),
  stateMachineArn: z.string(),
  unsettledQueueUrl: z.string(),
  functions: catchUpNames,
  logGroups: catchUpNames,
});

const imageFunctions = z.object({
  processor: z.string(),
  analyzer: z.string(),
  embedder: z.string(),
  watch: z.string(),
  search: z.string(),
  migrate: z.string(),
});

const imageQueues = z.object({ uploads: z.string(), analysis: z.string(), embedding: z.string() });

const images = z.object({
  bucket: z.string(),
  renditionsBucket: z.string(),
  clusterArn: z.string(),
  databaseName: z.string(),
  databaseSecretArn: z.string(),
  searchUrl: z.string(),
  searchKeysSecret: z.string(),
  queueUrls: imageQueues,
  deadLetterQueueUrls: imageQueues,
  undeliveredQueueUrl: z.string(),
  functions: imageFunctions,
  logGroups: imageFunctions,
});

export type ImagesOutputs = z.infer<typeof images>;

const merchants = z.object({
  queueUrl: z.string(),
  deadLetterQueueUrl: z.string(),
  function: z.string(),
  logGroup: z.string(),
});

const mirror = z.object({ bucket: z.string(), function: z.string(), logGroup: z.string() });

const embeddingStatus = z.object({
  queueUrl: z.string(),
  deadLetterQueueUrl: z.string(),
  logGroup: z.string(),
});

const bulk = z.object({
  url: z.string(),
  apiKeySecret: z.string(),
  logGroups: z.object({ api: z.string(), worker: z.string() }),
});
const searchedShards = z.record(z.string(), z.object({ function: z.string(), logGroup: z.string() }));

/** The outputs of a deployed stack; `vectorkeep()` in infra/program.ts returns them. */
export const stackOutputs = z.object({
  region: z.string(),
  embedQueueUrl: z.string(),
  embedDeadLetterQueueUrl: z.string(),
  linesQueueUrls: urlsOfShards,
  wordsQueueUrls: urlsOfShards,
  linesDeadLetterQueueUrls: urlsOfShards,
  wordsDeadLetterQueueUrls: urlsOfShards,
  foldQueueUrl: z.string(),
  foldDeadLetterQueueUrl: z.string(),
  failedExportsQueueUrl: z.string(),
  streamRejectedQueueUrl: z.string(),
  streamGivenUpPrefix: z.string(),
  artifactsBucket: z.string(),
  deltasBucket: z.string(),
  snapshotsBucket: z.string(),
  receiptsTable: z.string(),
  controlTable: z.string(),
  collectionsFileSystem: z.string(),
  alarmTopicArn: z.string(),
  functions: names,
  logGroups: names.extend({ queryServer: z.string().optional(), compactionWorker: z.string().optional() }),
  /** Absent if the search API is not enabled. */
  searchUrl: z.string().optional(),
  searchApiKeySecret: z.string().optional(),
  /** Additional functions outside the flows of the product. */
  added: z.record(z.string(), z.object({ function: z.string(), logGroup: z.string() })).optional(),
  /** Absent if the query server serves the search, or if search is not enabled. */
  search: z
    .object({ authorization, function: z.string(), logGroup: z.string(), shards: searchedShards })
    .optional(),
  /** Absent if the catch-up API is not enabled. */
  catchUp: catchUp.optional(),
  /** Absent if the image flow is not enabled. */
  images: images.optional(),
  /** Absent if merchants are not resolved. */
  merchants: merchants.optional(),
  /** Absent if the collections are not mirrored. */
  mirror: mirror.optional(),
  /** Absent if `embedding_status` is not written. */
  embeddingStatus: embeddingStatus.optional(),
  /** Absent if the bulk API is not enabled. */
  bulk: bulk.optional(),
});

export type StackOutputs = z.infer<typeof stackOutputs>;

/** The queues to which commands redrive runs. */
export function runQueuesOf({ linesQueueUrls, wordsQueueUrls, region }: StackOutputs): RunQueuesConfig {
  return { LINES_QUEUE_URLS: linesQueueUrls, WORDS_QUEUE_URLS: wordsQueueUrls, AWS_REGION: region };
}

/** The stack to which commands apply. */
export interface Target {
  readonly outputs: StackOutputs;
  /** Variables with which the AWS SDK reaches the stack. Assign them to `process.env` before building clients. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The file with the outputs of the local stack, relative to the project folder. */
export const runningStackFile = join(".vectorkeep", "stack.json");

const runningStack = z.object({ outputs: stackOutputs, environment: z.record(z.string(), z.string()) });

/** No stack was found. */
export class NoStackError extends VectorkeepError {
  constructor(looked: string, cause: unknown) {
    super(
      `No stack is running here (looked for ${looked}).`,
      "Start one with `npm start` in another terminal, or name a deployed one with --stack NAME.",
      { cause },
    );
  }
}

/** The outputs of a deployed stack could not be read. */
export class StackUnreadableError extends VectorkeepError {
  constructor(stack: string, reason: string, options?: ErrorOptions) {
    super(
      `The outputs of stack ${stack} could not be read: ${reason}.`,
      "Check that the Pulumi CLI is on the PATH and that `pulumi stack ls` lists the stack, and deploy it with `pulumi up`.",
      options,
    );
  }
}

/**
 * Returns the stack to which a command applies: the deployed one named `stack`, read through the Pulumi CLI, otherwise
 * the local one. Throws NoStackError or StackUnreadableError.
 */
export async function resolveTarget({ stack }: { stack?: string | undefined }): Promise<Target> {
  return stack === undefined ? readRunningStack() : readDeployedStack(stack);
}

async function readRunningStack(): Promise<Target> {
  let text: string;
  try {
    text = await readFile(runningStackFile, "utf8");
  } catch (cause) {
    throw new NoStackError(runningStackFile, cause);
  }
  const target = runningStack.parse(JSON.parse(text));
  await requireAnswer(target.environment.AWS_ENDPOINT_URL);
  return target;
}

/** Checks that the local stack is running, because a killed one leaves its description behind. */
async function requireAnswer(endpoint: string | undefined): Promise<void> {
  if (endpoint === undefined) return;
  const answer = await fetch(endpoint).catch((cause: unknown) => {
    throw new NoStackError(endpoint, cause);
  });
  await answer.body?.cancel();
}

async function readDeployedStack(stack: string): Promise<Target> {
  let answer: unknown;
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "output", "--json", "--stack", stack]);
    answer = JSON.parse(stdout);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new StackUnreadableError(stack, reason, { cause });
  }
  const parsed = stackOutputs.safeParse(answer);
  if (!parsed.success) throw new StackUnreadableError(stack, z.prettifyError(parsed.error));
  return { outputs: parsed.data, environment: { AWS_REGION: parsed.data.region } };
}
