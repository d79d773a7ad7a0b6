import * as z from "zod";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import { type Counts, counts } from "../tasks/counts.ts";

const result = z.object({ chunk: z.number(), counts });

/** The counts of a finished chunk; undefined if it is unfinished. */
export async function readResult(
  taskId: string,
  chunk: number,
  work: ObjectStore,
): Promise<Counts | undefined> {
  const stored = await work.read(keysOf(taskId).result(chunk));
  return stored && result.parse(JSON.parse(Buffer.from(stored).toString())).counts;
}

export async function writeResult(
  taskId: string,
  chunk: number,
  counts: Counts,
  work: ObjectStore,
): Promise<void> {
  await work.write(keysOf(taskId).result(chunk), JSON.stringify({ chunk, counts }), "application/json");
}
