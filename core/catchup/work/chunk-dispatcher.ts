import type { Plan } from "../sources/plan.ts";
import type { Task, WorkedOnBy } from "../tasks/task.ts";

/**
 * Lets the chunks of a planned task be processed and then settled, by Step Functions or by the workers of the bulk API.
 */
export interface ChunkDispatcher {
  readonly kind: WorkedOnBy["kind"];
  /**
   * Resolves to the id of the execution or job. Starting a task again resolves to the same id. With `unitsKey` batches
   * pay for the texts of these units before the chunks are processed.
   */
  start(taskId: string, plan: Plan, unitsKey?: string): Promise<string>;
  /** Succeeds if there is nothing to stop. */
  stop(id: string): Promise<void>;
  isRunning(id: string): Promise<boolean>;
}

/** Whether a task belongs to this kind of dispatcher. The watch of one kind ignores tasks of the other. */
export function isFor(kind: WorkedOnBy["kind"], { request }: Pick<Task, "request">): boolean {
  return (request.host === "workers") === (kind === "workers");
}
