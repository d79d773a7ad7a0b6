import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessAborted } from "../../resilience/unless-aborted.ts";
import type { Lease } from "../lease/lease.ts";
import { type Head, type MoveHead, moveHead, PublishConflictError, readHead } from "./head.ts";

export interface PublishOverDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  /** Once it aborts, nothing that is being written is waited for, and the head is not moved. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Publishes what `make` has written on top of a head. A shard has two writers: if the other one moves the head in the
 * meantime, `make` is called again with the new head and writes again only what depends on it. Throws
 * PublishConflictError if this writer has lost its lease, or if a writer of its own kind moved the head.
 */
export async function publishOver(
  { shard, control, signal }: PublishOverDeps,
  lease: Lease,
  start: Head | undefined,
  make: (from: Head | undefined) => Promise<MoveHead["to"]>,
): Promise<Head> {
  for (let head = start; ; ) {
    const from = head;
    const to = await unlessAborted(() => make(from), signal);
    signal?.throwIfAborted();
    try {
      return await moveHead({ ...control, shard, lease, from, to });
    } catch (error) {
      if (!(error instanceof PublishConflictError)) throw error;
      // The conflict may also mean that another process has taken over the lease.
      await lease.beat().catch(() => {
        throw error;
      });
      const now = await readHead(control.client, control.controlTable, shard);
      if (now?.name === from?.name) throw error;
      head = now;
    }
  }
}
