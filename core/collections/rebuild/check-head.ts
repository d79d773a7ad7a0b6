import type { ShardName } from "../../../contract/collections.ts";
import type { Log } from "../../log.ts";
import type { GenerationReader } from "../generations/generation-reader.ts";
import { isJustPublished, readHead } from "../generations/head.ts";
import type { FoldRequests } from "../messages/fold-queue.ts";
import type { RecordTable } from "./rebuild-record.ts";

export interface CheckDeps {
  readonly shard: ShardName;
  readonly control: RecordTable;
  readonly generations: GenerationReader;
  readonly folds: FoldRequests;
  readonly log: Log;
}

/** `lost`: files of the head are missing or truncated, and a repair was requested. */
export type HeadCheck = "nothing published" | "whole" | "lost";

/**
 * Checks that the files of the head exist, without reading them. If they do not, for example on a new file system,
 * requests a repair, which goes back to a sound generation or rebuilds the shard. Otherwise the shard would stay lost
 * until the next change.
 */
export async function checkHead({ shard, control, generations, folds, log }: CheckDeps): Promise<HeadCheck> {
  const head = await readHead(control.client, control.controlTable, shard);
  if (head === undefined) return "nothing published";
  // If a new generation is not visible yet, the next check sees it.
  if (isJustPublished(head) || (await generations.isWhole(head.name))) return "whole";
  const newer = await readHead(control.client, control.controlTable, shard);
  if (newer?.name !== head.name) return "whole";
  log.error("Files of the published generation are missing; a repair is requested", {
    shard,
    generation: head.generation,
    generation_name: head.name,
  });
  await folds.ask({ shard, reason: "repair", found: head.name });
  return "lost";
}
