import * as z from "zod";
import { chunkDeps } from "../../core/catchup/host/chunk-deps.ts";
import { chunk } from "../../core/catchup/sources/plan.ts";
import { runChunk } from "../../core/catchup/work/run-chunk.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { chunkConfig } from "./config.ts";

const chunkEvent = z.object({ task_id: z.string(), chunk });

/**
 * Processes one chunk of a task. Returns nothing, because the result is in S3 and the counts are in the task's items.
 */
export const handler = defineFunction({
  name: "catch-up-chunk",
  metrics: "catch-up",
  config: chunkConfig,
  deps: chunkDeps,
  // For writing the result after the providers' last answer.
  reserveMs: 10_000,
  async handle(event: unknown, depsFor, { giveUpAt }): Promise<void> {
    const { task_id: taskId, chunk } = chunkEvent.parse(event);
    await runChunk({ taskId, chunk }, await depsFor(giveUpAt));
  },
});
