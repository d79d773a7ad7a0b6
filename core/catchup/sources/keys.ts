import { UnsafeKeyError } from "../../deltas/keys.ts";
import { taskIdPattern } from "../tasks/task.ts";

/** Where things of a task stand in the work bucket. Throws UnsafeKeyError for an id that is none. */
export function keysOf(taskId: string) {
  if (!taskIdPattern.test(taskId)) throw new UnsafeKeyError("task_id", taskId);
  const numbered = (chunk: number) => String(chunk).padStart(6, "0");
  return {
    /** The plan that counts: the first that is written. */
    plan: `plans/${taskId}/plan.json`,
    /** The chunks of one attempt's plan as a JSON list: what the state machine's map reads. */
    chunks: (attempt: string) => `plans/${taskId}/${attempt}/chunks.json`,
    /** The rows of that plan which later rows replace. */
    replaced: (attempt: string) => `plans/${taskId}/${attempt}/replaced`,
    /** A part of what a question answered, or a decompressed chunk of a source; each attempt has its own. */
    source: (attempt: string, part: number) => `sources/${taskId}/${attempt}/${numbered(part)}.csv`,
    vectors: (chunk: number) => `vectors/${taskId}/${numbered(chunk)}`,
    result: (chunk: number) => `results/${taskId}/${numbered(chunk)}.json`,
    /** A message that was too long for the task's item. */
    error: `errors/${taskId}.txt`,
    duplicatesPrefix: `duplicates/${taskId}/`,
    duplicates: (chunk: number) => `duplicates/${taskId}/${numbered(chunk)}.ndjson`,
    failedPrefix: `failed/${taskId}/`,
    failed: (chunk: number) => `failed/${taskId}/${numbered(chunk)}.ndjson`,
  };
}
