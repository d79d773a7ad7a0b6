import type { Plan } from "../sources/plan.ts";

/** Only a few tasks run at a time, and a plan is small. */
const maxPlans = 16;

/** The plans that this process used last. A plan never changes once it is written. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>();

  /** Calls `read` only if the plan is not cached. A missing plan is not cached. */
  async get(taskId: string, read: () => Promise<Plan | undefined>): Promise<Plan | undefined> {
    const plan = this.#plans.get(taskId) ?? (await read());
    if (plan === undefined) return undefined;
    // Deleted and set, so that the map's first entry is the least recently used plan.
    this.#plans.delete(taskId);
    this.#plans.set(taskId, plan);
    if (this.#plans.size > maxPlans) this.#plans.delete(this.#plans.keys().next().value ?? "");
    return plan;
  }
}
