import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { VectorStore } from "../chroma/vector-store.ts";
import { generationName } from "../generations/generation-name.ts";
import { GenerationCorruptError } from "../generations/generation-reader.ts";
import type { Generations } from "../generations/generations.ts";
import { CollectionOfOtherModelError } from "../generations/other-model-error.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Stored beside the database, so that both are written, checked and copied together. */
const stateFile = "rebuild.json";

const stateShape = z.object({
  rebuild_id: z.string(),
  /** By document key: the run whose delta was applied; null if no vectors are expected. */
  done: z.array(z.tuple([z.string(), z.string().nullable()])),
});

/**
 * The progress of a rebuild, by document key: the run whose delta was applied to the database; null if no vectors are
 * expected.
 */
export type Done = Map<string, string | null>;

export interface CheckpointDeps {
  /** Generations in a folder of their own that no head names. */
  readonly checkpoints: Generations;
  readonly workspace: Workspace;
  readonly target: DeltaTarget;
}

/** Opens the newest valid checkpoint of the rebuild, or an empty database. */
export async function openCheckpoint(
  { checkpoints, workspace }: CheckpointDeps,
  rebuildId: string,
): Promise<{ readonly store: VectorStore; readonly done: Done }> {
  const newestFirst = (await checkpoints.list()).sort(
    (a, b) => b.token - a.token || (a.name < b.name ? 1 : -1),
  );
  for (const { name } of newestFirst) {
    const opened = await openOne(checkpoints, workspace, name);
    const state = opened && (await readState(workspace.folder));
    if (opened && state?.rebuild_id === rebuildId) {
      return { store: opened, done: new Map(state.done) };
    }
    await workspace.close();
    await checkpoints.remove(name);
  }
  return { store: await workspace.open(undefined), done: new Map() };
}

/**
 * Closes the database and stores it with the state, replacing earlier checkpoints. A crash leaves the previous
 * checkpoint, the new one or both.
 */
export async function writeCheckpoint(
  { checkpoints, workspace, target: { model, dimensions } }: CheckpointDeps,
  rebuildId: string,
  done: Done,
  { token, number, count }: { readonly token: number; readonly number: number; readonly count: number },
): Promise<void> {
  await workspace.close();
  await writeFile(
    join(workspace.folder, stateFile),
    JSON.stringify({ rebuild_id: rebuildId, done: [...done] }),
  );
  const before = await checkpoints.list();
  const name = generationName(number, token);
  await checkpoints.write(workspace.folder, { name, base: null, model, dimensions, count, documents: [] });
  for (const one of before) await checkpoints.remove(one.name);
}

/** Removes the state file, which does not belong into a generation. Call it after the database is closed. */
export async function removeState({ workspace }: CheckpointDeps): Promise<void> {
  await rm(join(workspace.folder, stateFile), { force: true });
}

export async function removeCheckpoints({ checkpoints }: CheckpointDeps): Promise<void> {
  for (const { name } of await checkpoints.list()) await checkpoints.remove(name);
}

async function openOne(
  checkpoints: Generations,
  workspace: Workspace,
  name: string,
): Promise<VectorStore | undefined> {
  // A folder that a crash left unfinished has no manifest, so do not wait for one.
  if ((await checkpoints.manifestIfReadable(name)) === undefined) return undefined;
  try {
    return await workspace.open(name, checkpoints);
  } catch (error) {
    if (error instanceof GenerationCorruptError || error instanceof CollectionOfOtherModelError)
      return undefined;
    throw error;
  }
}

async function readState(folder: string): Promise<z.infer<typeof stateShape> | undefined> {
  try {
    return stateShape.parse(JSON.parse(await readFile(join(folder, stateFile), "utf8")));
  } catch {
    return undefined;
  }
}
