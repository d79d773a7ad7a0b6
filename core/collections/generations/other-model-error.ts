import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** The published vectors are of another model than the one that is set. */
export class CollectionOfOtherModelError extends VectorkeepError {
  constructor(shard: ShardName, published: string, due: string) {
    super(
      `The published vectors of ${shard} are of ${published}, and the stack is set to ${due}.`,
      "Set embedding:model and embedding:dimensions back, or start with empty collections.",
    );
  }
}
