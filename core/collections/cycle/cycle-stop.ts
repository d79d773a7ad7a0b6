import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { LeaseLostError } from "../lease/lease.ts";

/** A cycle was abandoned because its process has to stop. */
export class CycleAbandonedError extends VectorkeepError {
  constructor(shard: ShardName) {
    super(
      `The cycle of ${shard} was abandoned because its process is stopping.`,
      "Nothing was published; its messages are redelivered.",
    );
  }
}

/**
 * Ends a cycle or a fold early, with the effect of a failure: nothing is published, its lease is released and its
 * messages are redelivered. The reason of the signal is the error that it fails with. Operations that cannot be
 * interrupted continue to write to scratch files or to a generation that no head will name, so this process must not
 * start another cycle after an abandoned one.
 */
export class CycleStop {
  readonly #controller = new AbortController();
  readonly #over: AbortSignal | undefined;
  readonly #abandon: () => void;

  /** `over` aborts when the process has to stop. */
  constructor(shard: ShardName, over: AbortSignal | undefined) {
    this.#over = over;
    this.#abandon = () => this.#controller.abort(new CycleAbandonedError(shard));
    if (over?.aborted) this.#abandon();
    else over?.addEventListener("abort", this.#abandon, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Another process holds the lease. */
  leaseLost(error: LeaseLostError): void {
    this.#controller.abort(error);
  }

  /** Stops listening for the end of the process: little is left to do, and abandoning it now would only repeat work. */
  finish(): void {
    this.#over?.removeEventListener("abort", this.#abandon);
  }
}
