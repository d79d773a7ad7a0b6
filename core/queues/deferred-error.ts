import { VectorkeepError } from "../vectorkeep-error.ts";

/** The work must wait for a rate limit, a budget or another process. It does not count as a failed attempt. */
export abstract class DeferredError extends VectorkeepError {
  readonly delaySeconds: number;

  constructor(what: string, remedy: string, delaySeconds: number, options?: ErrorOptions) {
    super(what, remedy, options);
    this.delaySeconds = delaySeconds;
  }
}
