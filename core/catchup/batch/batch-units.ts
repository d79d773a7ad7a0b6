import * as z from "zod";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { batchLimits } from "./batch-limits.ts";

/** Consecutive chunks of a plan whose texts one batch pays for. An item of the state machine's map. */
export const batchUnit = z.object({
  /** Starts at 0. */
  unit: z.number().int().min(0),
  first_chunk: z.number().int().min(0),
  chunks: z.number().int().min(1),
});

export type BatchUnit = z.infer<typeof batchUnit>;

/** Divides the chunks into units within OpenAI's limits. A chunk above them is a unit of its own. */
export function unitsOf(chunks: readonly Pick<Chunk, "rows" | "first" | "last">[]): BatchUnit[] {
  const units: { unit: number; first_chunk: number; chunks: number }[] = [];
  let rows = 0;
  let bytes = 0;
  chunks.forEach((chunk, first_chunk) => {
    const size = chunk.last - chunk.first + 1;
    const last = units.at(-1);
    if (last && rows + chunk.rows <= batchLimits.inputs && bytes + size <= batchLimits.sourceBytes) {
      last.chunks += 1;
      rows += chunk.rows;
      bytes += size;
    } else {
      units.push({ unit: units.length, first_chunk, chunks: 1 });
      rows = chunk.rows;
      bytes = size;
    }
  });
  return units;
}

/** Writes the list that the state machine's map reads. Resolves to its key. */
export async function writeUnits(
  taskId: string,
  { chunks_key }: Plan,
  chunks: readonly Chunk[],
  work: ObjectStore,
): Promise<string> {
  const key = keysOf(taskId).units(chunks_key);
  await work.write(key, JSON.stringify(unitsOf(chunks)), "application/json");
  return key;
}
