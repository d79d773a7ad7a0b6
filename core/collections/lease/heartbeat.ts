import { errorFields, type Log } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import { LeaseLostError } from "./lease.ts";

/** More than three, so that a lease survives two failed beats. */
const beatsPerLease = 4;

/**
 * Beats four times per lease until it is stopped or the lease is lost. Any other failure is logged, and the next beat
 * tries again; the holder checks with `assertHeld` whether too many have failed.
 */
export class Heartbeat {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(beat: () => Promise<void>, leaseMs: number, clock: Clock, log: Log) {
    this.#ended = this.#run(beat, leaseMs / beatsPerLease, clock, log);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(beat: () => Promise<void>, everyMs: number, clock: Clock, log: Log): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await beat();
      } catch (error) {
        log.warn("A heartbeat failed", errorFields(error));
        if (error instanceof LeaseLostError) return;
      }
    }
  }
}
