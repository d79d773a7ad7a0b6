import { isOpen } from "../tasks/task.ts";
import { advanceUnit } from "./advance-unit.ts";
import { BatchUnavailableError } from "./batch-errors.ts";
import type { AdvanceDeps } from "./unit-work.ts";

/**
 * Cancels the batches of a task that has ended, and deletes their requests. Idempotent. Throws BatchUnavailableError if some
 * could not be cancelled yet, for example because a batch was just created and no list names it.
 */
export async function abandonUnits(taskId: string, deps: AdvanceDeps): Promise<void> {
  const task = await deps.tasks.get(taskId);
  if (!task || isOpen(task.status)) return;
  let left = 0;
  for (const { unit, step } of await deps.units.all(taskId)) {
    if (step === "ended") continue;
    const { done } = await advanceUnit(taskId, { unit, first_chunk: 0, chunks: 1 }, deps);
    if (!done) left += 1;
  }
  if (left > 0) throw new BatchUnavailableError(`${left} batches of ${taskId} are not cancelled yet`);
}
