import type { ShardName } from "../../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import type { Log } from "../../log.ts";
import { knownDocuments } from "../../runs/known-documents.ts";
import type { Generations } from "../generations/generations.ts";
import { isJustPublished, readHead } from "../generations/head.ts";
import type { RecordTable } from "./rebuild-record.ts";

export interface CheckDeps {
  readonly shard: ShardName;
  readonly control: RecordTable;
  readonly generations: Generations;
  /** Sends a message that has compaction open the shard. */
  readonly lookAgain: (document: DocumentRef, time: string) => Promise<void>;
  readonly log: Log;
}

/** `lost`: files of the head are missing or cut, so compaction was told to open it. */
export type HeadCheck = "nothing published" | "whole" | "lost";

/**
 * Looks whether the files of the head are there, without reading them. Where they are not, as on a file system that was
 * made again, one message starts a cycle, which goes back to a sound generation or rebuilds the shard. Without it the
 * shard would stay lost until the next change.
 */
export async function checkHead({
  shard,
  control,
  generations,
  lookAgain,
  log,
}: CheckDeps): Promise<HeadCheck> {
  const head = await readHead(control.client, control.controlTable, shard);
  if (head === undefined) return "nothing published";
  // The next check sees one that does not show yet.
  if (isJustPublished(head) || (await generations.isWhole(head.name))) return "whole";
  const newer = await readHead(control.client, control.controlTable, shard);
  if (newer?.name !== head.name) return "whole";
  log.error("Files of the published generation are missing; a run message makes compaction repair it", {
    shard,
    generation: head.generation,
    generation_name: head.name,
  });
  for await (const keys of knownDocuments(control, shard)) {
    const document = keys[0] === undefined ? undefined : documentModel.ofKey(keys[0]);
    if (document === undefined) continue;
    await lookAgain(document, new Date().toISOString());
    break;
  }
  return "lost";
}
