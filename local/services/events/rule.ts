import { compileFilter, type EventFilter } from "../../mappings/event-filter.ts";
import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";

export const defaultBus = "default";

/** A target of the events that match a rule. */
export interface Target {
  readonly Id: string;
  readonly Arn: string;
  /** Queue of events that could not be delivered. */
  readonly deadLetterArn: string | undefined;
  readonly maxRetries: number;
  readonly maxAgeSeconds: number;
  /** For a FIFO queue. */
  readonly messageGroupId: string | undefined;
}

/** A rule of the default bus. */
export class Rule {
  readonly name: string;
  readonly pattern: string;
  readonly description: string | undefined;
  readonly targets = new Map<string, Target>();
  enabled: boolean;
  readonly #matches: EventFilter;

  /** Throws InvalidEventPatternException. */
  constructor(name: string, pattern: string, enabled: boolean, description?: string) {
    this.name = name;
    this.pattern = pattern;
    this.enabled = enabled;
    this.description = description;
    this.#matches = compiled(pattern);
  }

  get arn(): string {
    return ruleArn(this.name);
  }

  matches(event: object): boolean {
    return this.enabled && this.#matches(event);
  }
}

function compiled(pattern: string): EventFilter {
  try {
    return compileFilter(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError(400, "InvalidEventPatternException", `Event pattern is not valid. Reason: ${reason}`);
  }
}

export function ruleArn(name: string): string {
  return `arn:aws:events:${region}:${accountId}:rule/${name}`;
}

export function busArn(name: string): string {
  return `arn:aws:events:${region}:${accountId}:event-bus/${name}`;
}
