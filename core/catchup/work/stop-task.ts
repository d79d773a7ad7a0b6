import { EmbeddingNotAllowedError, WrongDimensionsError } from "../../embedding/embedding-errors.ts";
import { IndexNotAllowedError, IndexOfAnotherDimensionError } from "../index/index-errors.ts";
import { keysOf } from "../sources/keys.ts";
import { sum } from "../tasks/counts.ts";
import { failTask, type SettleDeps } from "./settle-task.ts";

/** Errors that would fail every record, until a key or a setting is corrected. */
const forEveryRecord = [
  EmbeddingNotAllowedError,
  WrongDimensionsError,
  IndexNotAllowedError,
  IndexOfAnotherDimensionError,
];

/**
 * Ends a task whose provider refuses the stack itself: with one sentence, and without blaming a record. Records that are in
 * the index, or have failed for reasons of their own, stay counted. False where the failure is not of that kind.
 */
export async function stopTask(
  taskId: string,
  failure: unknown,
  deps: Pick<SettleDeps, "tasks" | "chunkCounts" | "metrics" | "log" | "work">,
): Promise<boolean> {
  if (!forEveryRecord.some((kind) => failure instanceof kind)) return false;
  const { failed } = sum((await deps.chunkCounts.all(taskId)).values());
  const key = failed > 0 ? keysOf(taskId).failedPrefix : undefined;
  await failTask(taskId, (failure as Error).message, deps, key);
  return true;
}
