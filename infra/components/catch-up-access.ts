import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CatchUpArgs } from "./catch-up-args.ts";
import type { SinkAccess } from "./catch-up-sink.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import type { Named } from "./named.ts";
import {
  allow,
  deleteObjects,
  items,
  itemsOf,
  list,
  putObjects,
  queryIndexes,
  readObjects,
  readSecrets,
  type Statement,
} from "./permissions.ts";
import type { StoredSecret } from "./stored-secret.ts";

export interface CatchUpAccessArgs
  extends Pick<CatchUpArgs, "settings" | "embedding" | "embeddingApiKey" | "control"> {
  readonly tasks: aws.dynamodb.Table;
  readonly source: Named;
  readonly work: Named;
  /** The embedding cache; undefined if the stack keeps none. */
  readonly cache: Named | undefined;
  readonly sink: SinkAccess;
  readonly metabaseApiKey: StoredSecret | undefined;
}

/** Environment and permissions that the processes of catch-up share. */
export class CatchUpAccess {
  private readonly args: CatchUpAccessArgs;

  constructor(args: CatchUpAccessArgs) {
    this.args = args;
  }

  /** The environment of a process that accepts requests. */
  accepting(taskDays: number) {
    const { settings, tasks } = this.args;
    return {
      TASKS_TABLE: tasks.name,
      TASK_DAYS: String(taskDays),
      ...this.models(),
      DEFAULT_QUESTION_ID: settings.questionId ?? "",
      DEFAULT_NAMESPACE: settings.namespace,
      DEFAULT_BATCH_SIZE: String(settings.batchSize),
      DEFAULT_ID_COLUMN: settings.idColumn,
      DEFAULT_TEXT_COLUMN: settings.textColumn,
      DEFAULT_START_VARIABLE: settings.startVariable,
      DEFAULT_END_VARIABLE: settings.endVariable,
    };
  }

  acceptStatements(): Statement[] {
    const { tasks } = this.args;
    return [items(tasks, ["GetItem", "PutItem", "Query", "UpdateItem"]), queryIndexes(tasks)];
  }

  /** The environment of a process that plans and processes tasks. */
  planning() {
    const { settings } = this.args;
    return {
      ...this.settling(),
      ...this.chunking(),
      ROWS_PER_CHUNK: String(settings.rowsPerChunk),
      METABASE_URL: settings.metabaseUrl ?? "",
      METABASE_API_KEY_SECRET: this.args.metabaseApiKey?.name ?? "",
      METABASE_ROW_CAP: String(settings.metabaseRowCap),
    };
  }

  planStatements(): Statement[] {
    const { work } = this.args;
    return [
      ...this.chunkStatements(),
      putObjects(work, "plans/"),
      putObjects(work, "sources/"),
      allow(["s3:AbortMultipartUpload"], [pulumi.interpolate`${work.arn}/sources/*`]),
      ...(this.args.metabaseApiKey ? [readSecrets(this.args.metabaseApiKey)] : []),
    ];
  }

  /** Of every function that works on tasks. */
  settleStatements(): Statement[] {
    const { tasks, source, work } = this.args;
    return [
      items(tasks, ["GetItem", "Query", "UpdateItem"]),
      list(source),
      readObjects(source, ""),
      list(work),
      readObjects(work, ""),
      putObjects(work, "failed/"),
      putObjects(work, "duplicates/"),
      putObjects(work, "errors/"),
    ];
  }

  chunkStatements(): Statement[] {
    const { work, cache, control, embeddingApiKey } = this.args;
    return [
      ...this.settleStatements(),
      deleteObjects(work, "failed/"),
      putObjects(work, "vectors/"),
      putObjects(work, "results/"),
      ...(cache ? [list(cache), readObjects(cache, "vectors/"), putObjects(cache, "vectors/")] : []),
      itemsOf(control, ["GetItem", "UpdateItem"], ["LIMITER#*"]),
      readSecrets(embeddingApiKey),
      ...this.args.sink.statements,
    ];
  }

  models() {
    const { settings, embedding } = this.args;
    return {
      EMBEDDING_MODEL: embedding.model,
      USD_PER_MILLION_TOKENS: settings.usdPerMillionTokens,
      FURTHER_MODELS: JSON.stringify(settings.models.map(modelOf)),
    };
  }

  settling() {
    const { tasks, source, work, settings, embedding } = this.args;
    return {
      TASKS_TABLE: tasks.name,
      SOURCE_BUCKET: source.name,
      WORK_BUCKET: work.name,
      ...this.models(),
      EMBEDDING_REQUESTS_PER_MINUTE: String(
        Math.min(settings.requestsPerSecond * 60, embedding.requestsPerMinute),
      ),
      EMBEDDING_TOKENS_PER_MINUTE: String(embedding.tokensPerMinute),
    };
  }

  /** Workers have no batches. */
  batching() {
    return { BATCHES_IN_FLIGHT: String(this.args.settings.batchesInFlight) };
  }

  chunking() {
    const { settings, embedding, embeddingApiKey, control, cache } = this.args;
    return {
      ...embeddingEnvironment(embedding, embeddingApiKey),
      CONTROL_TABLE: control.name,
      ...this.args.sink.environment,
      EMBEDDING_CACHE_BUCKET: cache?.name ?? "",
      TOKENS_PER_TEXT: String(settings.tokensPerText),
      COLUMN_TYPES: JSON.stringify(typesOf(settings.columnTypes)),
    };
  }
}

/** Parses `text-embedding-3-large=3072@0.13` of the setting. */
function modelOf(declared: string) {
  const [model, dimensions, usd] = declared.split(/[=@]/);
  return { model, dimensions: Number(dimensions), usd_per_million_tokens: Number(usd) };
}

/** Parses `zip=string` of the setting into types by column. */
function typesOf(declared: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    declared.map((one) => {
      const cut = one.lastIndexOf("=");
      return [one.slice(0, cut), one.slice(cut + 1)];
    }),
  );
}
