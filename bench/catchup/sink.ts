import type { Stored } from "../services/noted-ids.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";

/** Forgets every vector. */
export async function emptySink(sinkUrl: string): Promise<void> {
  await fetch(`${sinkUrl}/empty`, { method: "POST" });
}

/** Throws StoredWronglyError unless every row was written exactly once. */
export async function expectStored(rows: number, by: string, sinkUrl: string): Promise<void> {
  const { ids, writes } = (await (await fetch(`${sinkUrl}/stored`)).json()) as Stored;
  if (ids !== rows || writes !== rows) {
    throw new StoredWronglyError(`${by} wrote ${writes} vectors of ${ids} ids for ${rows} rows`);
  }
}
