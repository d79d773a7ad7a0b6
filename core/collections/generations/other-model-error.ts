import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** The published vectors come from a different model than the configured one. */
export class CollectionOfOtherModelError extends VectorkeepError {
  constructor(shard: ShardName, published: string, due: string) {
    super(
      `The published vectors of ${shard} come from ${published}, but the stack is set to ${due}.`,
      "Set embedding:model and embedding:dimensions back, or start with empty collections.",
    );
  }
}
