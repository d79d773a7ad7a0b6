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

/** `lost`: files of the head are missing or cut, so its repair was asked for. */
export type HeadCheck = "nothing published" | "whole" | "lost";

/**
 * Looks whether the files of the head are there, without reading them. Where they are not, as on a file system that was
 * made again, the fold is asked for a repair, which goes back to a sound generation or rebuilds the shard. Without it the
 * shard would stay lost until the next change.
 */
export async function checkHead({ shard, control, generations, folds, log }: CheckDeps): Promise<HeadCheck> {
  const head = await readHead(control.client, control.controlTable, shard);
  if (head === undefined) return "nothing published";
  // The next check sees one that does not show yet.
  if (isJustPublished(head) || (await generations.isWhole(head.name))) return "whole";
  const newer = await readHead(control.client, control.controlTable, shard);
  if (newer?.name !== head.name) return "whole";
  log.error("Files of the published generation are missing; its repair is asked for", {
    shard,
    generation: head.generation,
    generation_name: head.name,
  });
  await folds.ask({ shard, reason: "repair", found: head.name });
  return "lost";
}
