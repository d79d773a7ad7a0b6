import { forbidden, quotaExceeded, throttled } from "./gateway-error.ts";
import { type Quota, QuotaCount } from "./quota.ts";
import { type Throttle, TokenBucket } from "./token-bucket.ts";

export interface ApiKey {
  readonly id: string;
  readonly value: string;
  readonly enabled: boolean;
}

export interface UsagePlan {
  readonly id: string;
  /** `{apiId}/{stage}`. */
  readonly stages: readonly string[];
  readonly throttle: Throttle | undefined;
  readonly quota: Quota | undefined;
}

interface KeyUsage {
  readonly bucket: TokenBucket | undefined;
  readonly quota: QuotaCount | undefined;
}

/** API keys and their limits. Each key has its own limits, shared by all stages of the plan. */
export class UsagePlans {
  readonly #keys = new Map<string, ApiKey>();
  readonly #plans = new Map<string, UsagePlan>();
  /** By plan id and key id. */
  readonly #usage = new Map<string, Map<string, KeyUsage>>();

  addKey(key: ApiKey): void {
    if (this.#find(key.value) !== undefined) throw new Error("API Key already exists");
    this.#keys.set(key.id, key);
  }

  addPlan(plan: UsagePlan): void {
    this.#plans.set(plan.id, plan);
    this.#usage.set(plan.id, new Map());
  }

  addKeyToPlan(keyId: string, planId: string): void {
    const plan = this.#plans.get(planId);
    if (plan === undefined) throw new Error(`There is no usage plan ${planId}`);
    if (!this.#keys.has(keyId)) throw new Error(`There is no API key ${keyId}`);
    const taken = plan.stages.find((stage) => this.#planOf(keyId, stage) !== undefined);
    if (taken !== undefined) {
      throw new Error(`The API key ${keyId} is in another usage plan of the stage ${taken} already`);
    }
    this.#usage.get(planId)?.set(keyId, {
      bucket: plan.throttle && new TokenBucket(plan.throttle, performance.now()),
      quota: plan.quota && new QuotaCount(plan.quota),
    });
  }

  /** Counts a request to a stage. Throws GatewayError. */
  admit(stage: string, value: string | undefined): ApiKey {
    const key = this.#find(value);
    const usage = key?.enabled ? this.#planOf(key.id, stage) : undefined;
    if (key === undefined || usage === undefined) throw forbidden();
    if (usage.bucket?.take(performance.now()) === false) throw throttled();
    if (usage.quota?.take(new Date()) === false) throw quotaExceeded();
    return key;
  }

  #find(value: string | undefined): ApiKey | undefined {
    return [...this.#keys.values()].find((key) => key.value === value);
  }

  #planOf(keyId: string, stage: string): KeyUsage | undefined {
    for (const { id, stages } of this.#plans.values()) {
      const usage = stages.includes(stage) ? this.#usage.get(id)?.get(keyId) : undefined;
      if (usage !== undefined) return usage;
    }
    return undefined;
  }
}
