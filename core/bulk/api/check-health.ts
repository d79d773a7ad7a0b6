import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { Broker } from "../broker/broker.ts";
import { waitingIn } from "../broker/waiting.ts";
import type { BulkQueues } from "../work/worker-jobs.ts";
import type { Heartbeats } from "../workers/heartbeats.ts";
import type { Health } from "./schemas.ts";

/** The timeout of the check of one dependency. */
const checkMs = 500;
/** Callers may poll often, so that a younger result is returned from memory. */
const cachedMs = 2_000;
/** The id of no task: the check only needs a response of the table. */
const nobody = "task-00000000000000-0000000000000000";

export interface HealthDeps {
  readonly broker: Broker;
  readonly queues: BulkQueues;
  readonly tasks: Pick<TaskStore, "get">;
  readonly heartbeats: Pick<Heartbeats, "alive">;
  readonly version: string;
  readonly clock: Clock;
}

/**
 * The health of the service, checked at most once in two seconds. No check calls a provider, because each call costs
 * money.
 */
export class HealthCheck {
  readonly #deps: HealthDeps;
  #last: { readonly at: number; readonly health: Promise<Health> } | undefined;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  read(): Promise<Health> {
    const now = this.#deps.clock.now();
    if (this.#last === undefined || now - this.#last.at >= cachedMs) {
      this.#last = { at: now, health: this.#look() };
    }
    return this.#last.health;
  }

  async #look(): Promise<Health> {
    const { broker, queues, tasks, heartbeats, version } = this.#deps;
    const [report, waiting, table, workers] = await Promise.all([
      this.#within(() => broker.report()),
      this.#within(async () => (await waitingIn(queues.tasks)) + (await waitingIn(queues.chunks))),
      this.#within(() => tasks.get(nobody)),
      this.#within(() => heartbeats.alive()),
    ]);
    const redis = "failure" in report ? report.failure : (report.value.problem ?? "connected");
    const dynamodb = "failure" in table ? table.failure : "connected";
    const alive = "failure" in workers ? [] : workers.value;
    const isHealthy = redis === "connected" && dynamodb === "connected" && alive.length > 0;
    return {
      status: isHealthy ? "healthy" : "degraded",
      version,
      workers: {
        active: alive.length,
        available: alive.reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy), 0),
        queued_tasks: "failure" in waiting ? null : waiting.value,
      },
      redis,
      dynamodb,
    };
  }

  /** Omits the client's error message, because it may contain host names. */
  async #within<T>(check: () => Promise<T>): Promise<{ readonly value: T } | { readonly failure: string }> {
    const inTime = new AbortController();
    const tooLate = this.#deps.clock
      .sleep(checkMs, inTime.signal)
      .then(() => ({ failure: `no answer within ${checkMs} ms` }))
      .catch(() => ({ failure: "" }));
    const checked = check().then(
      (value) => ({ value }),
      () => ({ failure: "unreachable" }),
    );
    const result = await Promise.race([checked, tooLate]);
    inTime.abort();
    return result;
  }
}

/**
 * Whether the service accepts tasks. The broker is not required: a stored task is dispatched when the broker is
 * available.
 */
export function takesWork({ dynamodb }: Health): boolean {
  return dynamodb === "connected";
}
