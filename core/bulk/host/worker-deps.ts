import { chunkDeps } from "../../catchup/host/chunk-deps.ts";
import { planDeps } from "../../catchup/host/plan-deps.ts";
import { tasksClient } from "../../catchup/host/tasks-client.ts";
import { FolderSource } from "../../catchup/sources/folder-source.ts";
import type { Telemetry } from "../../process/define-function.ts";
import type { Outages } from "../work/outages.ts";
import type { TaskProcessorDeps } from "../work/task-processor.ts";
import { type BulkQueues, ChunkJobs } from "../work/worker-jobs.ts";
import type { BulkWorkerConfig } from "./worker-config.ts";

/** A chunk's vectors are held in memory and are only a part of its memory. */
const maxVectorBytes = 64 * 1024 * 1024;

/** Returns the dependencies of a task's or chunk's job. Provider calls end by `giveUpAt` (epoch milliseconds). */
export function workerDeps(
  config: BulkWorkerConfig,
  queues: BulkQueues,
  outages: Outages,
  telemetry: Telemetry,
): (giveUpAt: number) => Promise<TaskProcessorDeps> {
  const chunkDepsFor = chunkDeps(config, telemetry, outages.table(tasksClient()));
  const folder = config.SOURCE_FOLDER === undefined ? undefined : new FolderSource(config.SOURCE_FOLDER);
  const maxDimensions = Math.max(
    config.EMBEDDING_DIMENSIONS,
    ...config.FURTHER_MODELS.map(({ dimensions }) => dimensions),
  );
  return async (giveUpAt) => {
    const deps = await chunkDepsFor(giveUpAt);
    return {
      ...deps,
      ...(await planDeps(config, giveUpAt)),
      embedderOf: async (model) => outages.embedder(await deps.embedderOf(model)),
      index: outages.index(deps.index),
      outages,
      source: folder ?? deps.source,
      maxRowsPerChunk: Math.max(1, Math.floor(maxVectorBytes / (maxDimensions * 4))),
      dispatcher: new ChunkJobs({ ...deps, queues }),
      rowsPerFunction: 0,
    };
  };
}
