import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { type RebuildAnswer, rebuildAnswer } from "../../core/collections/generations/generations-request.ts";
import { readRebuild } from "../../core/collections/rebuild/rebuild-record.ts";
import { invokeFunction } from "../invoke-function.ts";
import { progressBar } from "../progress-bar.ts";
import type { Screen } from "../screen.ts";
import type { StackOutputs } from "../target.ts";

const lookEveryMs = 2_000;

export type PublishedRebuild = Extract<RebuildAnswer, { state: "published" }>;
export type InvokeRebuild = (rebuild: string | undefined) => Promise<RebuildAnswer>;

/** Rebuilds a shard through the function, in as many invocations as needed, and shows the progress. */
export async function rebuildShard(
  { functions, controlTable }: StackOutputs,
  shard: ShardName,
  screen: Screen,
): Promise<PublishedRebuild> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const over = new AbortController();
  const looking = showProgress(
    () => readRebuild({ client, controlTable }, shard),
    shard,
    screen,
    over.signal,
  );
  try {
    return await inParts((rebuild) =>
      invokeFunction(functions.generations, { operation: "rebuild", shard, rebuild }, rebuildAnswer),
    );
  } finally {
    over.abort();
    await looking;
  }
}

/** Every further invocation continues the rebuild that the first one started. */
export async function inParts(invoke: InvokeRebuild): Promise<PublishedRebuild> {
  let answer = await invoke(undefined);
  while (answer.state === "unfinished") answer = await invoke(answer.rebuild);
  return answer;
}

/** Ignores errors, because progress is not essential. */
async function showProgress(
  look: () => ReturnType<typeof readRebuild>,
  shard: ShardName,
  screen: Screen,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const record = await look().catch(() => undefined);
    if (record?.state === "RUNNING" && !over.aborted) {
      const { receipts_done: done, receipts_known: known } = record;
      const line = `Rebuilding ${shard}: ${done} of ${known} receipts`;
      screen.status([`${progressBar(done, known)} ${line}`], line);
    }
    await pause(lookEveryMs, undefined, { signal: over }).catch(() => undefined);
  }
}
