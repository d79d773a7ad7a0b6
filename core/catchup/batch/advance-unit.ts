import { isOpen } from "../tasks/task.ts";
import { BatchUnavailableError } from "./batch-errors.ts";
import type { BatchUnit } from "./batch-units.ts";
import { type Advance, type AdvanceDeps, again, done, UnitWork } from "./unit-work.ts";

/**
 * Takes the batch of a unit as far as it goes now: uploads its requests, creates it, looks whether it has ended, stores its
 * vectors for the chunks, deletes its files. Every step is written before the next begins, so a process that died
 * anywhere is followed by another. What the batch does not pay, the chunks pay.
 */
export async function advanceUnit(taskId: string, unit: BatchUnit, deps: AdvanceDeps): Promise<Advance> {
  return attempt(taskId, unit, deps, (work, isTaskOpen) =>
    isTaskOpen ? work.advance() : work.abandon("cancelled"),
  );
}

/** Cancels the batch of a unit that could not be advanced in all attempts, so that its chunks alone pay. */
export async function giveUpUnit(taskId: string, unit: BatchUnit, deps: AdvanceDeps): Promise<Advance> {
  return attempt(taskId, unit, deps, (work) => work.abandon("lost"));
}

async function attempt(
  taskId: string,
  unit: BatchUnit,
  deps: AdvanceDeps,
  make: (work: UnitWork, isTaskOpen: boolean) => Promise<Advance>,
): Promise<Advance> {
  const task = await deps.tasks.get(taskId);
  if (!task) return done;
  try {
    return await make(new UnitWork(task, unit, deps), isOpen(task.status));
  } catch (error) {
    if (!(error instanceof BatchUnavailableError)) throw error;
    deps.log.warn("The Batch API is unavailable", {
      task_id: taskId,
      unit: unit.unit,
      reason: error.message,
    });
    return again();
  }
}
