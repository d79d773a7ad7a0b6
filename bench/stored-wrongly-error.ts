import { VectorkeepError } from "../core/vectorkeep-error.ts";

/** A contender left something else in the sink than it was given. */
export class StoredWronglyError extends VectorkeepError {
  constructor(what: string) {
    super(`What was stored is not what was given: ${what}.`, "The round is void; fix the contender.");
  }
}
