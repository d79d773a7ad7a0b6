import { monotonicClock } from "../../../core/resilience/clock.ts";
import { type Attempt, retry } from "../../../core/resilience/retry.ts";
import { AwsError } from "../../protocol/service.ts";
import type { MetricSink } from "../cloudwatch/metric.ts";
import { type Delivery, DeliveryError } from "./delivery.ts";
import { type BusEvent, busEvent, type NewEvent } from "./event.ts";
import { Rule, type Target } from "./rule.ts";

/** Shorter than at AWS, whose back-off reaches many minutes. */
const backoffMs = (failed: number) => Math.min(100 * 2 ** failed, 5_000);

/** The default bus: accepts events and delivers each one asynchronously to the targets of all matching rules. */
export class EventBus {
  readonly #delivery: Delivery;
  readonly #metrics: MetricSink;
  readonly #report: (problem: string) => void;
  readonly #rules = new Map<string, Rule>();
  readonly #open = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(delivery: Delivery, metrics: MetricSink, report: (problem: string) => void) {
    this.#delivery = delivery;
    this.#metrics = metrics;
    this.#report = report;
  }

  /** Replaces a rule of that name, and keeps its targets. Throws InvalidEventPatternException. */
  putRule(name: string, pattern: string, enabled: boolean, description?: string): Rule {
    const rule = new Rule(name, pattern, enabled, description);
    for (const [id, target] of this.#rules.get(name)?.targets ?? []) rule.targets.set(id, target);
    this.#rules.set(name, rule);
    return rule;
  }

  deleteRule(name: string): void {
    if ((this.#rules.get(name)?.targets.size ?? 0) > 0) {
      throw new AwsError(400, "ValidationException", "Rule can't be deleted since it has targets.");
    }
    this.#rules.delete(name);
  }

  /** Throws ResourceNotFoundException. */
  existingRule(name: string): Rule {
    const rule = this.#rules.get(name);
    if (rule !== undefined) return rule;
    throw new AwsError(400, "ResourceNotFoundException", `Rule ${name} does not exist on EventBus default.`);
  }

  rules(): Rule[] {
    return [...this.#rules.values()];
  }

  /** Returns the event's id immediately. */
  accept(event: NewEvent): string {
    const accepted = busEvent(event);
    for (const rule of this.#rules.values()) {
      if (!rule.matches(accepted)) continue;
      this.#count(rule, "MatchedEvents");
      for (const target of rule.targets.values()) this.#start(accepted, rule, target);
    }
    return accepted.id;
  }

  /** Resolves when every event is delivered, buried or lost; retries are given up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#open);
  }

  #start(event: BusEvent, rule: Rule, target: Target): void {
    const delivery = this.#deliver(event, rule, target)
      .catch((error: unknown) => {
        this.#report(`The event ${event.id} of the rule ${rule.name} to ${target.Arn} was lost: ${error}`);
      })
      .finally(() => this.#open.delete(delivery));
    this.#open.add(delivery);
  }

  async #deliver(event: BusEvent, rule: Rule, target: Target): Promise<void> {
    let retries = -1;
    const attempt = async (): Promise<Attempt<void>> => {
      retries += 1;
      try {
        await this.#delivery.deliver(event, rule, target);
        return { kind: "done", value: undefined };
      } catch (error) {
        if (error instanceof DeliveryError) throw error;
        return { kind: "retry", error: error instanceof Error ? error : new Error(String(error)) };
      }
    };
    try {
      await retry(attempt, {
        maxAttempts: target.maxRetries + 1,
        giveUpAt: monotonicClock.now() + target.maxAgeSeconds * 1_000,
        backoffMs,
        exhausted: ({ error }) => new DeliveryError("SDK_CLIENT_ERROR", error.message),
        clock: monotonicClock,
        signal: this.#stopping.signal,
      });
      this.#count(rule, "Invocations");
    } catch (error) {
      this.#count(rule, "FailedInvocations");
      // An event whose retries a stop gave up has no other place: nothing of the bus is saved.
      if (target.deadLetterArn === undefined) throw error;
      await this.#bury(event, rule, target, asDeliveryError(error), retries);
    }
  }

  async #bury(
    event: BusEvent,
    rule: Rule,
    target: Target,
    error: DeliveryError,
    retries: number,
  ): Promise<void> {
    try {
      await this.#delivery.bury(event, rule, target, error, retries);
      this.#count(rule, "InvocationsSentToDlq");
    } catch (refusal) {
      this.#count(rule, "InvocationsFailedToBeSentToDlq");
      throw new Error(`${error.message}, and its dead-letter queue took it not: ${refusal}`);
    }
  }

  #count(rule: Rule, name: string): void {
    this.#metrics.record({ namespace: "AWS/Events", name, dimensions: { RuleName: rule.name } }, 1);
  }
}

function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  return new DeliveryError("SDK_CLIENT_ERROR", error instanceof Error ? error.message : String(error));
}
