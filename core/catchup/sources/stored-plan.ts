import { VectorkeepError } from "../../vectorkeep-error.ts";
import { keysOf } from "./keys.ts";
import type { ObjectStore } from "./object-store.ts";
import { type Chunk, type Plan, plan } from "./plan.ts";

/** A chunk or a settle was requested before the task was planned. */
export class PlanMissingError extends VectorkeepError {
  constructor(taskId: string) {
    super(`Task ${taskId} has no plan.`, "Start the task again and report this bug.");
  }
}

/** Undefined if the task has no plan yet. */
export async function readPlan(taskId: string, work: ObjectStore): Promise<Plan | undefined> {
  const stored = await work.read(keysOf(taskId).plan);
  return stored && plan.parse(JSON.parse(Buffer.from(stored).toString()));
}

export async function readChunks({ chunks_key }: Plan, work: ObjectStore): Promise<Chunk[]> {
  const stored = (await work.read(chunks_key)) ?? Buffer.from("[]");
  // Not validated: planOf wrote it, and validating each of 10,000 chunks would be expensive.
  return JSON.parse(Buffer.from(stored).toString()) as Chunk[];
}
