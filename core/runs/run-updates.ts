import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import { cutMessage } from "../text/cut-message.ts";
import type { CompactionRun } from "./compaction-run.ts";

type RunUpdate = Omit<UpdateCommandInput, "TableName" | "Key">;

/** Sets both halves to PENDING at a higher attempt. */
export function reopening(attempt: number): RunUpdate {
  // The token is reset too, because a source table can outlive the control table whose leases issued it.
  const reset = collections.flatMap((half) => [
    `${half}_state = :pending`,
    `${half}_failures = :none`,
    `${half}_token = :none`,
  ]);
  const forgotten = collections.flatMap((half) => [
    `${half}_shard`,
    `${half}_error`,
    `${half}_started_at`,
    `${half}_finished_at`,
    `${half}_merged_vectors`,
  ]);
  return {
    UpdateExpression: `SET attempts = :attempt, updated_at = :now, ${reset.join(", ")} REMOVE ${forgotten.join(", ")}`,
    ConditionExpression: "attempts < :attempt",
    ExpressionAttributeValues: {
      ":attempt": attempt,
      ":now": new Date().toISOString(),
      ":pending": "PENDING",
      ":none": 0,
    },
  };
}

/**
 * PENDING | PROCESSING -> FAILED for a half that is unchanged since it was read. Keeps the holder, so that a cycle that
 * still publishes the half can complete it.
 */
export function givingUp(run: CompactionRun, collection: Collection, reason: string): RunUpdate {
  const { state, token, shard } = run.halves[collection];
  const sameShard = shard === undefined ? "attribute_not_exists(#shard)" : "#shard = :shard";
  return {
    UpdateExpression: "SET #state = :failed, #finished = :now, #error = :reason, updated_at = :now",
    ConditionExpression: `attempts = :attempt AND #state = :state AND #token = :token AND ${sameShard}`,
    ExpressionAttributeNames: {
      "#state": `${collection}_state`,
      "#token": `${collection}_token`,
      "#shard": `${collection}_shard`,
      "#finished": `${collection}_finished_at`,
      "#error": `${collection}_error`,
    },
    ExpressionAttributeValues: {
      ":failed": "FAILED",
      ":now": new Date().toISOString(),
      ":reason": cutMessage(reason),
      ":attempt": run.attempts,
      ":state": state,
      ":token": token,
      ...(shard !== undefined && { ":shard": shard }),
    },
  };
}
