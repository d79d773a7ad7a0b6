import { isOpen, type Task } from "../tasks/task.ts";
import type { ChunkDispatcher } from "./chunk-dispatcher.ts";

/**
 * Whether a task is open and has a worker (F21): its execution or job is running, or its function may still be in one
 * of its attempts.
 */
export async function isWorkedOn(
  { status, worked_on_by, alive_until }: Task,
  dispatcher: Pick<ChunkDispatcher, "isRunning">,
  now: number,
): Promise<boolean> {
  if (!isOpen(status)) return false;
  return worked_on_by === undefined ? now <= alive_until : dispatcher.isRunning(worked_on_by.id);
}
