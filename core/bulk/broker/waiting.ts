import type { Queue } from "bullmq";

/** Jobs that no worker has begun, those that are deferred among them. */
export async function waitingIn(queue: Pick<Queue, "getJobCounts">): Promise<number> {
  const counts = await queue.getJobCounts("waiting", "prioritized", "delayed");
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
