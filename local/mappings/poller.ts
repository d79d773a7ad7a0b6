/** What a mapping runs in a loop. Any call may reject, as with AccessDenied: it is reported and tried again. */
export interface Poller {
  /** Asks the source what it has to know first. */
  prepare(): Promise<void>;
  /** One step: waits for something to do, or does it. */
  poll(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing is in flight. */
  settled(): Promise<void>;
}
