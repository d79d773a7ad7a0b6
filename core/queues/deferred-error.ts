import { VectorkeepError } from "../vectorkeep-error.ts";

/** The work waits for something that has a time: a rate limit, a budget, another process. It is no failed attempt. */
export abstract class DeferredError extends VectorkeepError {
  readonly delaySeconds: number;

  constructor(what: string, remedy: string, delaySeconds: number, options?: ErrorOptions) {
    super(what, remedy, options);
    this.delaySeconds = delaySeconds;
  }
}
