import type { Queue } from "bullmq";

/** Returns the number of jobs that no worker has started, including deferred ones. */
export async function waitingIn(queue: Pick<Queue, "getJobCounts">): Promise<number> {
  const counts = await queue.getJobCounts("waiting", "prioritized", "delayed");
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
