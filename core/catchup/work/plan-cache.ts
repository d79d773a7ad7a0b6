import type { Plan } from "../sources/plan.ts";

/** A few tasks run at a time; a plan names its columns and little else. */
const maxPlans = 16;

/** The plans that this process used last. A plan never changes once it is written. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>();

  /** `read` runs only for a plan that is not cached; of a task without a plan nothing is cached. */
  async get(taskId: string, read: () => Promise<Plan | undefined>): Promise<Plan | undefined> {
    const plan = this.#plans.get(taskId) ?? (await read());
    if (plan === undefined) return undefined;
    // Deleted and set, so that the least recently used plan is the first of the map.
    this.#plans.delete(taskId);
    this.#plans.set(taskId, plan);
    if (this.#plans.size > maxPlans) this.#plans.delete(this.#plans.keys().next().value ?? "");
    return plan;
  }
}
