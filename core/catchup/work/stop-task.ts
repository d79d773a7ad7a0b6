import { EmbeddingNotAllowed, WrongDimensions } from "../../embedding/embedding-failures.ts";
import { IndexNotAllowed, IndexOfAnotherDimensionError } from "../index/index-failures.ts";
import { keysOf } from "../sources/keys.ts";
import { sum } from "../tasks/counts.ts";
import { failTask, type SettleServices } from "./settle-task.ts";

/** What every record of the stack would meet, until somebody mends a key or a setting. */
const forEveryRecord = [EmbeddingNotAllowed, WrongDimensions, IndexNotAllowed, IndexOfAnotherDimensionError];

/**
 * Ends a task whose provider refuses the stack itself: with one sentence, and without blaming a record. Records that are in
 * the index, or have failed for reasons of their own, stay counted. False where the failure is not of that kind.
 */
export async function stopTask(
  taskId: string,
  failure: unknown,
  services: Pick<SettleServices, "tasks" | "chunkCounts" | "metrics" | "log" | "work">,
): Promise<boolean> {
  if (!forEveryRecord.some((kind) => failure instanceof kind)) return false;
  const { failed } = sum((await services.chunkCounts.all(taskId)).values());
  const key = failed > 0 ? keysOf(taskId).failedPrefix : undefined;
  await failTask(taskId, (failure as Error).message, services, key);
  return true;
}
