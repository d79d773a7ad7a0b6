import { setTimeout as delay } from "node:timers/promises";
import type { MappingDefinition } from "./mapping-definition.ts";
import type { Poller } from "./poller.ts";

export type MappingState = "Enabled" | "Disabled";

const firstRetryMilliseconds = 500;
const maxRetryMilliseconds = 10_000;

/** An event source mapping. It polls while it is enabled, even after errors. */
export class Mapping {
  readonly definition: MappingDefinition;
  readonly #poller: Poller;
  readonly #report: (problem: string) => void;
  #state: MappingState;
  #started = false;
  #polling: Promise<void> = Promise.resolve();
  #stopping = new AbortController();
  #lastProblem: string | undefined;

  constructor(definition: MappingDefinition, poller: Poller, report: (problem: string) => void) {
    this.definition = definition;
    this.#poller = poller;
    this.#report = report;
    this.#state = definition.enabled ? "Enabled" : "Disabled";
  }

  get state(): MappingState {
    return this.#state;
  }

  /** The value of `GetEventSourceMapping`. */
  get lastProcessingResult(): string {
    return this.#lastProblem === undefined ? "OK" : `PROBLEM: ${this.#lastProblem}`;
  }

  /** Starts polling; further calls have no effect. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#follow();
  }

  async setEnabled(enabled: boolean): Promise<void> {
    if (enabled === (this.#state === "Enabled")) return;
    this.#state = enabled ? "Enabled" : "Disabled";
    if (enabled) this.#follow();
    else await this.stopPolling();
  }

  /** Stops polling. Batches in flight are completed. */
  async stopPolling(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    await this.#poller.settled();
  }

  #follow(): void {
    if (!this.#started || this.#state === "Disabled") return;
    this.#stopping = new AbortController();
    this.#polling = this.#pollUntil(this.#stopping.signal);
  }

  async #pollUntil(signal: AbortSignal): Promise<void> {
    let prepared = false;
    let retryMilliseconds = firstRetryMilliseconds;
    while (!signal.aborted) {
      try {
        if (!prepared) await this.#poller.prepare();
        prepared = true;
        await this.#poller.poll(signal);
        this.#lastProblem = undefined;
        retryMilliseconds = firstRetryMilliseconds;
      } catch (error) {
        if (signal.aborted) return;
        this.#problem(error instanceof Error ? error.message : String(error));
        await delay(retryMilliseconds, undefined, { signal }).catch(() => {});
        retryMilliseconds = Math.min(maxRetryMilliseconds, 2 * retryMilliseconds);
      }
    }
  }

  /** A problem is reported once, not at every poll. */
  #problem(message: string): void {
    if (message === this.#lastProblem) return;
    this.#lastProblem = message;
    this.#report(`The mapping from ${this.definition.eventSourceArn} cannot poll: ${message}`);
  }
}
