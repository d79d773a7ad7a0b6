import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { type FoldRules, foldDue } from "../collections/generations/fold-due.ts";
import { readHead } from "../collections/generations/head.ts";
import type { FoldRequests } from "../collections/messages/fold-queue.ts";
import { errorFields, type Log } from "../log.ts";

export interface FoldSweep {
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly shards: readonly ShardName[];
  readonly folds: FoldRequests;
  readonly foldRules: FoldRules;
  readonly log: Log;
}

/**
 * Requests folds that are due but were not requested by a publish, because nothing is being published or the request
 * was lost.
 */
export async function sweepFolds({ control, shards, folds, foldRules, log }: FoldSweep): Promise<void> {
  for (const shard of shards) {
    try {
      const head = await readHead(control.client, control.controlTable, shard);
      const reason = foldDue(head?.overlay, foldRules);
      if (reason) await folds.ask({ shard, reason, found: head?.overlay?.database ?? null });
    } catch (error) {
      log.error("A fold request could not be sent", { shard, ...errorFields(error) });
    }
  }
}
