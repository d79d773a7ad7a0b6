import type { Stored } from "../services/noted-ids.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";

/** Forgets every vector. */
export async function emptySink(sinkUrl: string): Promise<void> {
  await fetch(`${sinkUrl}/empty`, { method: "POST" });
}

/** Throws StoredWronglyError unless every row was written exactly once. */
export async function expectStored(rows: number, by: string, sinkUrl: string): Promise<void> {
  const again = await expectAllStored(rows, by, sinkUrl);
  if (again > 0) throw new StoredWronglyError(`${by} wrote ${again} vectors again, of ${rows} rows`);
}

/** Throws StoredWronglyError unless every row is stored, and nothing else. Resolves to the number of vectors that were written again. */
export async function expectAllStored(rows: number, by: string, sinkUrl: string): Promise<number> {
  const { ids, writes } = (await (await fetch(`${sinkUrl}/stored`)).json()) as Stored;
  if (ids === rows && writes >= rows) return writes - rows;
  throw new StoredWronglyError(`${by} wrote ${writes} vectors of ${ids} ids for ${rows} rows`);
}
