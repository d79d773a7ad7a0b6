import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * The functions and services that work in bulk. On AWS each has processors of its own. On a laptop they share a few with
 * the functions on the way from a change to the search that shows it, and would keep these waiting during a load.
 */
export const bulkWork = [
  "bulk-worker",
  "catch-up-batch",
  "catch-up-chunk",
  "embed",
  "export-snapshot",
  "fold",
  "mirror",
  "resolve-merchant",
  "sweeper",
] as const;

/** A seventh of the processor time beside one other busy process, and all that no other wants. */
export const niceness = 8;

/** Linux lets a user without privileges change one autogroup per tenth of a second. */
const retryMs = 130;
const maxAttempts = 50;

/** Whether a function or service of this name, such as `vectorkeep-local-embed`, works in bulk. */
export function worksInBulk(name: string): boolean {
  return bulkWork.some((work) => name === work || name.endsWith(`-${work}`));
}

/** The command prefix that runs a program with the lower priority. */
export const atLowerPriority: readonly string[] = ["nice", "-n", String(niceness)];

/**
 * Lowers the priority of the session that a process leads. Where Linux divides the processors between sessions first
 * (autogroups), a process's own niceness counts only within its session. Does nothing elsewhere, and never rejects.
 */
export async function lowerSession(pid: number): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    try {
      return await writeFile(`/proc/${pid}/autogroup`, String(niceness), { flag: "r+" });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      await sleep(retryMs);
    }
  }
}
