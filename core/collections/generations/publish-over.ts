import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import type { Lease } from "../lease/lease.ts";
import { type Head, type MoveHead, moveHead, PublishConflictError, readHead } from "./head.ts";

export interface PublishOverDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  /** The head is not moved once it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Publishes what `make` has written over a head. A shard has two writers: where the other one has moved the head meanwhile,
 * it is made again over that one. Only what has to name the head is: the rest of the work is kept.
 * Throws PublishConflictError where this writer has lost its lease, or its own kind has moved the head.
 */
export async function publishOver(
  { shard, control, signal }: PublishOverDeps,
  lease: Lease,
  from: Head | undefined,
  make: (from: Head | undefined) => Promise<MoveHead["to"]>,
): Promise<Head> {
  for (let head = from; ; ) {
    const to = await make(head);
    signal?.throwIfAborted();
    try {
      return await moveHead({ ...control, shard, lease, from: head, to });
    } catch (error) {
      if (!(error instanceof PublishConflictError)) throw error;
      // Also where the other writer has not moved it: then the lease is another holder's.
      await lease.beat().catch(() => {
        throw error;
      });
      const now = await readHead(control.client, control.controlTable, shard);
      if (now?.name === head?.name) throw error;
      head = now;
    }
  }
}
