import type * as pulumi from "@pulumi/pulumi";
import type { BulkApiArgs } from "./bulk-args.ts";
import { itemsOf, readSecrets, type Statement } from "./permissions.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** What a program of the bulk API is told, and may do, wherever it runs. */
export interface BulkProgram {
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly statements: readonly Statement[];
}

export interface BulkPrograms {
  readonly api: BulkProgram;
  readonly worker: BulkProgram;
}

/** Without its port, which its host decides. */
export function apiProgram(args: BulkApiArgs, brokerUrl: StoredSecret, apiKey: StoredSecret): BulkProgram {
  const { settings, catchUp } = args;
  return {
    environment: {
      ...catchUp.functions.accepting(settings.taskDays),
      ...brokerEnvironment(args, brokerUrl),
      BULK_API_KEY_SECRET: apiKey.name,
    },
    statements: [...catchUp.functions.acceptStatements(), readSecrets(brokerUrl, apiKey)],
  };
}

export function workerProgram(args: BulkApiArgs, brokerUrl: StoredSecret): BulkProgram {
  const { settings, catchUp } = args;
  return {
    environment: {
      ...catchUp.functions.planning(),
      ...brokerEnvironment(args, brokerUrl),
      CHUNKS_AT_ONCE: String(settings.chunksPerWorker),
      SOURCE_FOLDER: settings.sourceFolder ?? "",
      WATCH_SECONDS: String(settings.watchSeconds),
      STOP_SECONDS: String(settings.stopSeconds),
      MEMORY_MIB: String(settings.workerMemoryMiB),
    },
    statements: [
      ...catchUp.functions.planStatements(),
      // Heartbeats, the turn to watch, and tasks that have no job.
      itemsOf(catchUp.tasks, ["PutItem"], ["BULK#WORKERS", "BULK#WATCH"]),
      ...catchUp.functions.acceptStatements().slice(1),
      readSecrets(brokerUrl),
    ],
  };
}

function brokerEnvironment(
  { metricsNamespace }: BulkApiArgs,
  brokerUrl: StoredSecret,
): Record<string, pulumi.Input<string>> {
  return {
    BROKER_URL_SECRET: brokerUrl.name,
    BROKER_NAMESPACE: metricsNamespace,
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
  };
}
