import { Failure } from "../core/failure.ts";

/** A contender left something else in the sink than it was given. */
export class StoredWrongly extends Failure {
  constructor(what: string) {
    super(
      `What was stored is not what was given: ${what}.`,
      "The round counts for nothing; mend the contender.",
    );
  }
}
