import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { Platform } from "../lambda/platform.ts";

/** A schedule of EventBridge Scheduler that invokes a function. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly everyMilliseconds: number;
  readonly functionArn: string;
  /** The input of the invocation. */
  readonly input: string;
  /** The scheduler calls with the permissions of this role. */
  readonly roleName: string;
}

const unitMilliseconds = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const rate = /^rate\((?<count>[1-9]\d*) (?<unit>minute|hour|day)(?<plural>s?)\)$/;

/** Milliseconds between two invocations. Throws for an expression that is no rate as the scheduler knows it. */
export function readRate(expression: string): number {
  const { count = "", unit = "", plural } = rate.exec(expression)?.groups ?? {};
  const isOne = count === "1";
  if (unit === "" || isOne !== (plural === "")) {
    throw new Error(`${expression} is no rate that the local scheduler knows, as rate(5 minutes)`);
  }
  return Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds];
}

/** All schedules of the stack. From `start` on each invokes its function whenever its rate has passed, asynchronously. */
export class Schedules {
  readonly #platform: Pick<Platform, "clients" | "report">;
  readonly #minuteMs: number;
  readonly #definitions: ScheduleDefinition[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #calls = new Set<Promise<void>>();

  /** `minuteMs`: how long a minute of a rate lasts here. */
  constructor(platform: Pick<Platform, "clients" | "report">, minuteMs: number = unitMilliseconds.minute) {
    this.#platform = platform;
    this.#minuteMs = minuteMs;
  }

  create(definition: ScheduleDefinition): void {
    this.#definitions.push(definition);
  }

  start(): void {
    for (const definition of this.#definitions) {
      const everyMs = (definition.everyMilliseconds / unitMilliseconds.minute) * this.#minuteMs;
      this.#timers.push(setInterval(() => this.#fire(definition), everyMs));
    }
  }

  /** Resolves when no call is in progress. Invoked functions may still run. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#calls);
  }

  #fire(definition: ScheduleDefinition): void {
    const call = this.#invoke(definition).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  async #invoke({ name, functionArn, input, roleName }: ScheduleDefinition): Promise<void> {
    try {
      await this.#platform.clients(roleName).lambda.send(
        new InvokeCommand({
          FunctionName: functionArn,
          InvocationType: "Event",
          Payload: Buffer.from(input),
        }),
      );
    } catch (error) {
      this.#platform.report(`The schedule ${name} could not invoke ${functionArn}: ${error}`);
    }
  }
}
