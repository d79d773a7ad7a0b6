import type { Keeper } from "../kept/kept-state.ts";
import { eventCounts } from "../lambda/function-metrics.ts";
import type { Functions } from "../lambda/functions.ts";
import type { Platform } from "../lambda/platform.ts";
import { queueUrlOfArn } from "../processes/queue-url.ts";
import { Mapping } from "./mapping.ts";
import type { MappingDefinition } from "./mapping-definition.ts";
import { onFailureOf } from "./on-failure.ts";
import type { Poller } from "./poller.ts";
import { QueuePoller } from "./queue-poller.ts";
import { StreamPoller, type StreamPosition } from "./stream-poller.ts";

type KeptPositions = ReadonlyMap<string, ReadonlyMap<string, StreamPosition>>;

/** All event source mappings of the stack. Created ones poll from `start` on. */
export class Mappings {
  readonly #platform: Platform;
  readonly #functions: Functions;
  readonly #mappings = new Map<string, Mapping>();
  readonly #streamPollers = new Map<string, StreamPoller>();
  #kept: KeptPositions = new Map();
  readonly keeper: Keeper = {
    name: "mappings",
    save: (): KeptPositions =>
      new Map([...this.#streamPollers].map(([reader, poller]) => [reader, poller.positions()])),
    restore: (state) => {
      this.#kept = state as KeptPositions;
    },
  };

  constructor(platform: Platform, functions: Functions) {
    this.#platform = platform;
    this.#functions = functions;
  }

  /** Throws FilterNotUnderstoodError, and for a function that does not exist. */
  create(definition: MappingDefinition): void {
    const mapping = new Mapping(definition, this.#pollerOf(definition), this.#platform.report);
    this.#mappings.set(definition.uuid, mapping);
  }

  find(uuid: string): Mapping | undefined {
    return this.#mappings.get(uuid);
  }

  all(): Mapping[] {
    return [...this.#mappings.values()];
  }

  start(): void {
    for (const mapping of this.all()) mapping.start();
  }

  async stopPolling(): Promise<void> {
    await Promise.all(this.all().map((mapping) => mapping.stopPolling()));
  }

  /** Resolves when nothing is in flight; call it after the functions' processes have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.all().map((mapping) => mapping.settled()));
  }

  #pollerOf(definition: MappingDefinition): Poller {
    const pool = this.#functions.find(definition.functionArn);
    if (pool === undefined) throw new Error(`There is no function ${definition.functionArn}.`);
    const { endpoint, report, metrics } = this.#platform;
    const count = eventCounts(metrics, definition);
    const clients = this.#platform.clients(pool.definition.roleName);
    if (definition.source === "sqs") {
      const queueUrl = queueUrlOfArn(endpoint, definition.eventSourceArn);
      return new QueuePoller(definition, pool, clients.sqs, { queueUrl, count });
    }
    const onFailure = onFailureOf(definition, { endpoint, clients, report, count });
    const poller = new StreamPoller(definition, pool, clients.streams, { onFailure, metrics, count });
    // The same table and stream have the same ARN after a stop; a new mapping has another uuid.
    const reader = `${definition.functionArn} ${definition.eventSourceArn}`;
    poller.goOnAt(this.#kept.get(reader) ?? new Map());
    this.#streamPollers.set(reader, poller);
    return poller;
  }
}
