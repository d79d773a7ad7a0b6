import type { bulkApiConfig } from "../../core/bulk/host/api-config.ts";
import type { bulkWorkerConfig } from "../../core/bulk/host/worker-config.ts";
import type { BulkApiArgs } from "./bulk-args.ts";
import { type Environment, environmentOf } from "./environment.ts";
import { itemsOf, readSecrets, type Statement } from "./permissions.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** The environment and permissions of a program of the bulk API on any host. */
export interface BulkProgram {
  readonly environment: Environment;
  readonly statements: readonly Statement[];
}

export interface BulkPrograms {
  /** Its host decides on which port it listens. */
  readonly api: (port: number) => BulkProgram;
  readonly worker: BulkProgram;
}

export function apiProgram(
  args: BulkApiArgs,
  brokerUrl: StoredSecret,
  apiKey: StoredSecret,
  port: number,
): BulkProgram {
  const { settings, catchUp } = args;
  return {
    environment: environmentOf<typeof bulkApiConfig>({
      ...catchUp.functions.access.accepting(settings.taskDays),
      ...brokerVariables(args, brokerUrl),
      BULK_API_KEY_SECRET: apiKey.name,
      BULK_BOARD: String(settings.board),
      PORT: String(port),
    }),
    statements: [...catchUp.functions.access.acceptStatements(), readSecrets(brokerUrl, apiKey)],
  };
}

export function workerProgram(args: BulkApiArgs, brokerUrl: StoredSecret): BulkProgram {
  const { settings, catchUp } = args;
  return {
    environment: environmentOf<typeof bulkWorkerConfig>({
      ...catchUp.functions.access.planning(),
      ...brokerVariables(args, brokerUrl),
      CHUNKS_AT_ONCE: String(settings.chunksPerWorker),
      SOURCE_FOLDER: settings.sourceFolder ?? "",
      WATCH_SECONDS: String(settings.watchSeconds),
      STOP_SECONDS: String(settings.stopSeconds),
      MEMORY_MIB: String(settings.workerMemoryMiB),
    }),
    statements: [
      ...catchUp.functions.access.planStatements(),
      // Heartbeats, the turn to watch, and tasks that have no job.
      itemsOf(catchUp.tasks, ["PutItem"], ["BULK#WORKERS", "BULK#WATCH"]),
      ...catchUp.functions.access.acceptStatements().slice(1),
      readSecrets(brokerUrl),
    ],
  };
}

function brokerVariables({ metricsNamespace }: BulkApiArgs, brokerUrl: StoredSecret) {
  return { BROKER_URL_SECRET: brokerUrl.name, BROKER_NAMESPACE: metricsNamespace };
}
