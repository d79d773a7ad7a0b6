import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvocationType, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import { RequestSize } from "../embedding/embed-each.ts";
import { limitedEmbedder } from "../embedding/limited-embedder.ts";
import { requestLimits } from "../embedding/limits.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { readSecret } from "../settings/secret.ts";
import type { ApiDeps } from "./api/routes.ts";
import type { apiEnvironment, chunkEnvironment, runEnvironment, settleEnvironment } from "./environment.ts";
import { PineconeIndex } from "./index/pinecone-index.ts";
import type { PreflightProblem } from "./preflight/preflight-errors.ts";
import type { ProcessRequest } from "./requests/process-request.ts";
import { ObjectStore } from "./sources/object-store.ts";
import { ChunkCounts } from "./tasks/chunk-counts.ts";
import { Claims } from "./tasks/claims.ts";
import { TaskStore } from "./tasks/task-store.ts";
import { Executions } from "./work/executions.ts";
import type { RunChunkDeps } from "./work/run-chunk.ts";
import type { RunTaskDeps } from "./work/run-task.ts";
import type { SettleDeps } from "./work/settle-task.ts";
import { isWorkedOn } from "./work/worked-on.ts";

/** Bytes that end a chunk before its rows are full: what a function holds of it stays a small part of its memory. */
const bytesPerChunk = 8 * 1024 * 1024;

/** How a process tells what it does. */
export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
}

type SettleEnvironment = z.infer<typeof settleEnvironment>;
type ChunkEnvironment = z.infer<typeof chunkEnvironment>;
type RunEnvironment = z.infer<typeof runEnvironment>;
type ApiEnvironment = z.infer<typeof apiEnvironment>;

const preflightProblems = z.array(z.object({ check: z.string(), problem: z.string() }));

/** The clients live as long as the process. */
export function settleDeps(environment: SettleEnvironment, telemetry: Telemetry): SettleDeps {
  const client = documentClient();
  const s3 = new S3Client({});
  return {
    tasks: new TaskStore(client, environment.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, environment.TASKS_TABLE),
    source: new ObjectStore(s3, environment.SOURCE_BUCKET),
    work: new ObjectStore(s3, environment.WORK_BUCKET),
    prices: {
      usdPerMillionTokens: environment.USD_PER_MILLION_TOKENS,
      requestsPerMinute: environment.EMBEDDING_REQUESTS_PER_MINUTE,
      tokensPerMinute: environment.EMBEDDING_TOKENS_PER_MINUTE,
    },
    ...telemetry,
  };
}

/** For one invocation that has to be done with the providers at `giveUpAt` (epoch ms). */
export type ForInvocation<Services> = (giveUpAt: number) => Promise<Services>;

export function chunkDeps(
  environment: ChunkEnvironment,
  telemetry: Telemetry,
): ForInvocation<RunChunkDeps & SettleDeps> {
  const shared = settleDeps(environment, telemetry);
  const embedderFor = limitedEmbedder(environment, documentClient());
  const requestSize = new RequestSize(environment.EMBEDDING_MAX_INPUTS_PER_REQUEST);
  return async (giveUpAt) => ({
    ...shared,
    requestSize,
    embedder: await embedderFor(giveUpAt),
    index: new PineconeIndex({
      apiKey: await readSecret(environment.PINECONE_API_KEY_SECRET, "catchup:pineconeApiKey"),
      host: environment.PINECONE_HOST,
      giveUpAt: () => giveUpAt,
    }),
    tokensPerRequest: Math.min(requestLimits.tokens, environment.EMBEDDING_TOKENS_PER_MINUTE),
    rules: { columnTypes: environment.COLUMN_TYPES, tokensPerText: environment.TOKENS_PER_TEXT },
  });
}

export function runDeps(environment: RunEnvironment, telemetry: Telemetry): ForInvocation<RunTaskDeps> {
  const chunkDepsFor = chunkDeps(environment, telemetry);
  const executions = new Executions(new SFNClient({}), environment.STATE_MACHINE_ARN);
  return async (giveUpAt) => ({
    ...(await chunkDepsFor(giveUpAt)),
    executions,
    rowsPerFunction: environment.ROWS_PER_FUNCTION,
    limits: { rows: environment.ROWS_PER_CHUNK, bytes: bytesPerChunk },
    metabase: await metabaseOf(environment),
  });
}

async function metabaseOf(environment: RunEnvironment): Promise<RunTaskDeps["metabase"]> {
  const { METABASE_URL: url, METABASE_API_KEY_SECRET: secret, METABASE_ROW_CAP: rowCap } = environment;
  if (url === undefined || secret === undefined) return undefined;
  return { url: url.replace(/\/+$/, ""), apiKey: await readSecret(secret, "catchup:metabaseApiKey"), rowCap };
}

export function apiDeps(environment: ApiEnvironment, log: Log): ApiDeps {
  const client = documentClient();
  const executions = new Executions(new SFNClient({}), environment.STATE_MACHINE_ARN);
  const lambda = new LambdaClient({});
  const invoke = async (FunctionName: string, taskId: string) => {
    const Payload = JSON.stringify({ task_id: taskId });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: InvocationType.Event, Payload }));
  };
  const preflight = async (request: ProcessRequest): Promise<readonly PreflightProblem[]> => {
    const Payload = JSON.stringify({ preflight: request });
    const { FunctionError, Payload: answer } = await lambda.send(
      new InvokeCommand({ FunctionName: environment.RUN_FUNCTION, Payload }),
    );
    const said: unknown = JSON.parse(Buffer.from(answer ?? "null").toString());
    if (FunctionError === undefined) return preflightProblems.parse(said);
    log.warn("The preflight of a task failed, and the task goes on without", {
      reason: JSON.stringify(said),
    });
    return [];
  };
  const settle = (taskId: string) => invoke(environment.SETTLE_FUNCTION, taskId);
  return {
    tasks: new TaskStore(client, environment.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, environment.TASKS_TABLE),
    claims: new Claims(client, environment.TASKS_TABLE),
    preflight: (request) =>
      preflight(request).catch((error: Error) => {
        log.warn("The preflight of a task failed, and the task goes on without", { reason: error.message });
        return [];
      }),
    start: (taskId) => invoke(environment.RUN_FUNCTION, taskId),
    async stop({ execution_arn }) {
      if (execution_arn !== undefined) await executions.stop(execution_arn);
    },
    isWorkedOn: (task, countedAt = 0) => isWorkedOn(task, countedAt, { executions, settle, log }),
    taskDays: environment.TASK_DAYS,
    usdPerMillionTokens: environment.USD_PER_MILLION_TOKENS,
    defaults: {
      questionId: environment.DEFAULT_QUESTION_ID,
      namespace: environment.DEFAULT_NAMESPACE,
      batchSize: environment.DEFAULT_BATCH_SIZE,
      names: {
        id_column: environment.DEFAULT_ID_COLUMN,
        text_column: environment.DEFAULT_TEXT_COLUMN,
        start_variable: environment.DEFAULT_START_VARIABLE,
        end_variable: environment.DEFAULT_END_VARIABLE,
      },
    },
    now: Date.now,
  };
}

function documentClient(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({}), {
    marshallOptions: { removeUndefinedValues: true },
  });
}
