import type { Gauge } from "../cloudwatch/cloudwatch.ts";
import type { Queue, QueueStore } from "./queue-store.ts";

/** The metrics of the local AWS for each queue, by `QueueName`. */
export const queueMetrics = [
  "ApproximateAgeOfOldestMessage",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesVisible",
] as const;

export function measureQueues(queues: QueueStore): Gauge {
  return (sink, now) => {
    for (const queue of queues.allQueues() as Iterable<Queue>) {
      const dimensions = { QueueName: queue.name };
      const measured = measure(queue, now);
      for (const name of queueMetrics)
        sink.record({ namespace: "AWS/SQS", name, dimensions }, measured[name]);
    }
  };
}

function measure(queue: Queue, now: number): Record<(typeof queueMetrics)[number], number> {
  queue.processTimers();
  const { ready, delayed, inflight } = queue.inspectMessages();
  const sent = [...ready, ...inflight.map(({ message }) => message)].map(
    ({ sentTimestamp }) => sentTimestamp,
  );
  const oldest = sent.reduce((least, at) => Math.min(least, at), now);
  return {
    ApproximateAgeOfOldestMessage: Math.floor((now - oldest) / 1000),
    ApproximateNumberOfMessagesDelayed: delayed.length,
    ApproximateNumberOfMessagesNotVisible: inflight.length,
    ApproximateNumberOfMessagesVisible: ready.length,
  };
}
