import { Failure } from "../failure.ts";
import type { Collection } from "../receipts/receipt.ts";

/** A collection exists, and no generation of it has ever been published. */
export class NothingPublished extends Failure {
  constructor(collection: Collection) {
    super(
      `Nothing is published in collection ${collection} yet.`,
      "Send a receipt to the embed queue and ask again after its compaction.",
    );
  }
}

/** The published generation of a collection is not open in this process yet. */
export class NotOpenYet extends Failure {
  constructor(collection: Collection, problem: string | undefined) {
    super(
      `Collection ${collection} is not open yet${problem === undefined ? "" : `. ${problem}`}.`,
      "Ask again in a few seconds; GET /health shows the progress.",
    );
  }
}

/** The text of a query could not be turned into a vector. */
export class QueryNotEmbedded extends Failure {
  constructor(cause: unknown) {
    super(
      `The embedding service did not embed the text: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Ask again, or send `vector` instead of `text`.",
      { cause },
    );
  }
}

/** A secret that the process needs is not there. */
export class SecretMissing extends Failure {
  constructor(name: string, cause?: unknown) {
    super(
      `Secret ${name} has no value that this process can read.`,
      "Set it with `pulumi config set --secret` and deploy again.",
      { cause },
    );
  }
}
