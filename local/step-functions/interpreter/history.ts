/** An event as `GetExecutionHistory` answers it. */
export interface HistoryEvent {
  /** Epoch seconds. */
  readonly timestamp: number;
  readonly type: string;
  readonly id: number;
  readonly previousEventId: number;
  readonly [details: string]: unknown;
}

/** The events of an execution, in order. */
export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #onEvent: (event: HistoryEvent) => void;
  #closed = false;

  constructor(onEvent: (event: HistoryEvent) => void) {
    this.#onEvent = onEvent;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Stops recording. */
  close(): void {
    this.#closed = true;
  }

  /** Returns the event's id. */
  record(type: string, previousEventId: number, details: object = {}): number {
    if (this.#closed) return previousEventId;
    const id = this.#events.length + 1;
    const event = { timestamp: Date.now() / 1000, type, id, previousEventId, ...details };
    this.#events.push(event);
    this.#onEvent(event);
    return id;
  }
}
