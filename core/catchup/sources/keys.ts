import { UnsafeKeyError } from "../../deltas/keys.ts";
import { taskIdPattern } from "../tasks/task.ts";

/** Keys of a task's objects in the work bucket. Throws UnsafeKeyError if the id is not a task id. */
export function keysOf(taskId: string) {
  if (!taskIdPattern.test(taskId)) throw new UnsafeKeyError("task_id", taskId);
  const numbered = (chunk: number) => String(chunk).padStart(6, "0");
  return {
    /** The plan in effect: the first one that was written. */
    plan: `plans/${taskId}/plan.json`,
    /** The chunks of one planning attempt as a JSON list, which the state machine's map reads. */
    chunks: (attempt: string) => `plans/${taskId}/${attempt}/chunks.json`,
    /** The units of a plan whose texts are paid in batches, beside its list of chunks. */
    units: (chunksKey: string) => chunksKey.replace(/chunks\.json$/, "units.json"),
    /** What the requests of a unit's batch ask for. The digest is that of the requests. */
    manifest: (unit: number, digest: string) => `batches/${taskId}/${numbered(unit)}-${digest}.json`,
    /** The rows of that plan that later rows replace. */
    replaced: (attempt: string) => `plans/${taskId}/${attempt}/replaced`,
    /** Part of an exported question, or a decompressed chunk of a source; separate for each attempt. */
    source: (attempt: string, part: number) => `sources/${taskId}/${attempt}/${numbered(part)}.csv`,
    vectors: (chunk: number) => `vectors/${taskId}/${numbered(chunk)}`,
    result: (chunk: number) => `results/${taskId}/${numbered(chunk)}.json`,
    /** A message that is too long for the task's item. */
    error: `errors/${taskId}.txt`,
    duplicatesPrefix: `duplicates/${taskId}/`,
    duplicates: (chunk: number) => `duplicates/${taskId}/${numbered(chunk)}.ndjson`,
    failedPrefix: `failed/${taskId}/`,
    failed: (chunk: number) => `failed/${taskId}/${numbered(chunk)}.ndjson`,
  };
}
