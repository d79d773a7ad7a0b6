import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { LeaseLostError } from "../lease/lease.ts";

/** A cycle was given up because its process has to end. */
export class CycleAbandonedError extends VectorkeepError {
  constructor(shard: ShardName) {
    super(
      `The cycle of ${shard} was given up, because its process has to end.`,
      "Nothing was published; its messages are redelivered.",
    );
  }
}

/**
 * Ends a cycle or a fold before its time, as a failure would: nothing is published, its lease is released and its messages
 * are redelivered. The reason of the signal is the error that it ends with. What cannot be interrupted goes on in scratch
 * and in a generation that no head will name, so no other cycle may start in this process after an abandoned one.
 */
export class CycleStop {
  readonly #controller = new AbortController();
  readonly #over: AbortSignal | undefined;
  readonly #abandon: () => void;

  /** `over`: its process has to end. */
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

  /** Only little is left to do, and giving up would have it done again: the end of the process is no reason any more. */
  finish(): void {
    this.#over?.removeEventListener("abort", this.#abandon);
  }
}
