import { EmbeddingNotAllowedError, WrongDimensionsError } from "../../embedding/embedding-errors.ts";
import { IndexNotAllowedError, IndexOfAnotherDimensionError } from "../index/index-errors.ts";
import {
  ModelMissingError,
  NamespaceOfAnotherModelError,
  NamespaceOfUnknownModelError,
} from "../namespaces/namespace-errors.ts";
import { keysOf } from "../sources/keys.ts";
import { sum } from "../tasks/counts.ts";
import { failTask, type SettleDeps } from "./settle-task.ts";

/** Errors that fail every record until a key or a setting is corrected. */
const forEveryRecord = [
  EmbeddingNotAllowedError,
  WrongDimensionsError,
  IndexNotAllowedError,
  IndexOfAnotherDimensionError,
  ModelMissingError,
  NamespaceOfAnotherModelError,
  NamespaceOfUnknownModelError,
];

/**
 * Ends a task whose provider refuses the stack itself, without blaming single records. Records that are already in the
 * index, or failed for their own reasons, stay counted. Resolves to false for any other failure.
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
