import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { apiConfig } from "../../functions/catch-up-api/config.ts";
import type { batchConfig } from "../../functions/catch-up-batch/config.ts";
import type { chunkConfig } from "../../functions/catch-up-chunk/config.ts";
import type { runConfig } from "../../functions/catch-up-run/config.ts";
import type { settleConfig } from "../../functions/catch-up-settle/config.ts";
import { BundledFunction } from "./bundled-function.ts";
import { CatchUpAccess, type CatchUpAccessArgs } from "./catch-up-access.ts";
import type { CatchUpArgs } from "./catch-up-args.ts";
import { type CatchUpMachine, executionsOf } from "./catch-up-machine.ts";
import { type SinkAccess, sinkAccess } from "./catch-up-sink.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import { environmentOf } from "./environment.ts";
import { allow, invoke, items, list, putObjects, readObjects, readSecrets, sendTo } from "./permissions.ts";
import { StoredSecret } from "./stored-secret.ts";

/** Lambda's maximum. */
const workTimeoutSeconds = 900;
/** API Gateway's maximum. */
const answerTimeoutSeconds = 29;
/** Attempts of an asynchronous invocation. Lambda waits one minute, then two, between them. */
const attempts = 3;
const betweenAttemptsSeconds = 300;
/** More than all attempts to settle a task take. */
export const settlingSeconds = attempts * workTimeoutSeconds + betweenAttemptsSeconds;

export interface CatchUpFunctionsArgs
  extends CatchUpArgs,
    Omit<CatchUpAccessArgs, "sink" | "metabaseApiKey"> {
  readonly unsettled: aws.sqs.Queue;
  /** The state machine of these functions. */
  machine(steps: Pick<CatchUpFunctions, "chunk" | "batch" | "settle">): CatchUpMachine;
}

/** The functions of the catch-up system, in reverse order of a task's steps. */
export class CatchUpFunctions extends pulumi.ComponentResource {
  /** Settles a task. */
  readonly settle: BundledFunction;
  /** Processes one chunk: embeds its rows and upserts their vectors. */
  readonly chunk: BundledFunction;
  /** Lets OpenAI's Batch API pay for texts, before their chunks are processed. */
  readonly batch: BundledFunction;
  readonly machine: CatchUpMachine;
  /** Plans a task, and processes a small one itself. */
  readonly run: BundledFunction;
  /** Answers callers. */
  readonly api: BundledFunction;
  private readonly args: CatchUpFunctionsArgs;
  private readonly sink: SinkAccess;
  private readonly metabaseApiKey: StoredSecret | undefined;
  /** Environment and permissions that other processes of catch-up have, too. */
  readonly access: CatchUpAccess;

  constructor(name: string, args: CatchUpFunctionsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUpFunctions", name, {}, options);
    this.args = args;
    const { metabaseApiKey } = args.secrets;
    this.sink = sinkAccess(name, args.sink, this);
    this.metabaseApiKey =
      metabaseApiKey && this.secret(`${name}-metabase-api-key`, "API key of Metabase", metabaseApiKey);
    this.access = new CatchUpAccess({ ...args, sink: this.sink, metabaseApiKey: this.metabaseApiKey });

    this.settle = this.settleFunction(`${name}-settle`);
    this.chunk = this.chunkFunction(`${name}-chunk`);
    this.batch = this.batchFunction(`${name}-batch`);
    this.machine = args.machine(this);
    this.run = this.runFunction(`${name}-run`);
    this.retried(`${name}-run`, this.run, this.settle.function.arn);
    this.retried(`${name}-settle`, this.settle, args.unsettled.arn);
    this.api = this.apiFunction(`${name}-api`);
    this.registerOutputs();
  }

  private settleFunction(name: string): BundledFunction {
    return this.function(name, {
      description: "Settles a catch-up task: sums up its rows",
      code: this.args.code.settle,
      timeoutSeconds: workTimeoutSeconds,
      memoryMiB: 512,
      environment: environmentOf<typeof settleConfig>({
        ...this.access.settling(),
        ...this.access.batching(),
      }),
      statements: [...this.access.settleStatements(), sendTo(this.args.unsettled)],
    });
  }

  private chunkFunction(name: string): BundledFunction {
    return this.function(name, {
      description: "Loads the rows of one chunk into the index",
      code: this.args.code.chunk,
      timeoutSeconds: this.args.settings.timeoutSeconds,
      memoryMiB: this.args.settings.memoryMiB,
      environment: environmentOf<typeof chunkConfig>({
        ...this.access.settling(),
        ...this.access.chunking(),
        ...this.access.batching(),
      }),
      statements: this.access.chunkStatements(),
    });
  }

  private batchFunction(name: string): BundledFunction {
    const { tasks, source, work, cache, embedding, embeddingApiKey, settings } = this.args;
    const { TOKENS_PER_TEXT, COLUMN_TYPES, EMBEDDING_CACHE_BUCKET } = this.access.chunking();
    const { EMBEDDING_BASE_URL, EMBEDDING_MODEL, EMBEDDING_DIMENSIONS, EMBEDDING_MAX_INPUTS_PER_REQUEST } =
      embeddingEnvironment(embedding, embeddingApiKey);
    return this.function(name, {
      description: "Pays for texts of a catch-up task by OpenAI's Batch API",
      code: this.args.code.batch,
      timeoutSeconds: workTimeoutSeconds,
      memoryMiB: settings.memoryMiB,
      environment: environmentOf<typeof batchConfig>({
        TASKS_TABLE: tasks.name,
        SOURCE_BUCKET: source.name,
        WORK_BUCKET: work.name,
        ...this.sink.environment,
        EMBEDDING_API_KEY_SECRET: embeddingApiKey.name,
        EMBEDDING_BASE_URL,
        EMBEDDING_MODEL,
        FURTHER_MODELS: this.access.models().FURTHER_MODELS,
        EMBEDDING_DIMENSIONS,
        EMBEDDING_MAX_INPUTS_PER_REQUEST,
        EMBEDDING_CACHE_BUCKET,
        TOKENS_PER_TEXT,
        COLUMN_TYPES,
      }),
      statements: [
        items(tasks, ["GetItem", "PutItem", "Query", "UpdateItem"]),
        list(source),
        readObjects(source, ""),
        list(work),
        readObjects(work, ""),
        putObjects(work, "batches/"),
        putObjects(work, "vectors/"),
        ...(cache ? [list(cache), readObjects(cache, "vectors/")] : []),
        readSecrets(embeddingApiKey),
        ...this.sink.readStatements,
      ],
    });
  }

  private runFunction(name: string): BundledFunction {
    const { settings } = this.args;
    return this.function(name, {
      description: "Plans a catch-up task, and processes it if it is small",
      code: this.args.code.run,
      timeoutSeconds: settings.timeoutSeconds,
      memoryMiB: settings.memoryMiB,
      environment: environmentOf<typeof runConfig>({
        ...this.access.planning(),
        ...this.access.batching(),
        BATCH_MIN_SAVING_USD: settings.batchMinSavingUsd,
        STATE_MACHINE_ARN: this.machine.machine.arn,
        ROWS_PER_FUNCTION: String(settings.rowsPerFunction),
      }),
      statements: [
        ...this.access.planStatements(),
        allow(["states:StartExecution"], [this.machine.machine.arn]),
        allow(["states:StopExecution"], executionsOf(this.machine.machine.arn)),
        invoke(this.settle.function),
      ],
      egress: this.args.runEgress,
      after: [this.machine.policy, ...this.secretVersions],
    });
  }

  private apiFunction(name: string): BundledFunction {
    const { settings } = this.args;
    return this.function(name, {
      description: "Answers callers of the catch-up API",
      code: this.args.code.api,
      timeoutSeconds: answerTimeoutSeconds,
      memoryMiB: 512,
      environment: environmentOf<typeof apiConfig>({
        ...this.access.accepting(settings.taskDays),
        STATE_MACHINE_ARN: this.machine.machine.arn,
        RUN_FUNCTION: this.run.function.name,
        BATCH_FUNCTION: this.batch.function.name,
        CORS_ORIGINS: settings.corsOrigins.join(","),
      }),
      statements: [
        ...this.access.acceptStatements(),
        invoke(this.run.function, this.batch.function),
        allow(["states:DescribeExecution", "states:StopExecution"], executionsOf(this.machine.machine.arn)),
      ],
    });
  }

  /** Secrets that a process which plans must find. */
  get secretVersions(): readonly pulumi.Resource[] {
    const { sink, metabaseApiKey } = this;
    return [...sink.versions, ...(metabaseApiKey ? [metabaseApiKey.version] : [])];
  }

  private function(
    name: string,
    args: Omit<ConstructorParameters<typeof BundledFunction>[1], keyof CatchUpArgs["defaults"]>,
  ): BundledFunction {
    const after = [...this.sink.versions, this.args.embeddingApiKey.version, ...(args.after ?? [])];
    return new BundledFunction(name, { ...this.args.defaults, ...args, after }, { parent: this });
  }

  /** Lambda retries twice, then sends the event to its failure destination. */
  private retried(name: string, of: BundledFunction, destination: pulumi.Output<string>): void {
    new aws.lambda.FunctionEventInvokeConfig(
      name,
      {
        functionName: of.function.name,
        maximumRetryAttempts: attempts - 1,
        maximumEventAgeInSeconds: 21_600,
        destinationConfig: { onFailure: { destination } },
      },
      { parent: this },
    );
  }

  private secret(name: string, description: string, value: pulumi.Output<string>): StoredSecret {
    return new StoredSecret(name, { description, value }, { parent: this });
  }
}
