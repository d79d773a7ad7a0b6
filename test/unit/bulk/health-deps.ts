import type { HealthDeps } from "../../../core/bulk/api/check-health.ts";
import type { BrokerReport } from "../../../core/bulk/broker/broker.ts";
import type { WorkerSeen } from "../../../core/bulk/workers/heartbeats.ts";
import { systemClock } from "../../../core/resilience/clock.ts";

interface Answers {
  readonly report?: () => Promise<BrokerReport>;
  readonly get?: () => Promise<undefined>;
  readonly alive?: () => Promise<WorkerSeen[]>;
  readonly waiting?: () => Promise<Record<string, number>>;
}

/** Dependencies that all answer, but for those that a test replaces. */
export function healthDeps(answers: Answers = {}): HealthDeps {
  const report = answers.report ?? (async () => ({ problem: undefined, memoryPercent: 1 }));
  const getJobCounts = answers.waiting ?? (async () => ({ waiting: 1, prioritized: 2, delayed: 0 }));
  return {
    broker: { report } as unknown as HealthDeps["broker"],
    queues: { tasks: { getJobCounts }, chunks: { getJobCounts } } as unknown as HealthDeps["queues"],
    tasks: { get: answers.get ?? (async () => undefined) },
    heartbeats: { alive: answers.alive ?? (async () => [{ id: "a", beatAt: 0, slots: 2, busy: 1 }]) },
    version: "1",
    clock: systemClock,
  };
}
