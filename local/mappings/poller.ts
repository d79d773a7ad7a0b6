/**
 * The work that a mapping repeats. Any call may reject, for example with AccessDenied; errors are reported and the call
 * is repeated.
 */
export interface Poller {
  /** Reads the required properties of the source first. */
  prepare(): Promise<void>;
  /** Runs one step: waits for work, or does it. */
  poll(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing is in flight. */
  settled(): Promise<void>;
}
