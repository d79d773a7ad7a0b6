import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** The saved state of the stack's parts by name, written when it stops. */
export type KeptParts = Readonly<Record<string, unknown>>;

/** The saved state of a stack. */
export interface KeptState {
  readonly parts: KeptParts;
  /** Secrets that were generated for the new stack. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A part of the stack whose state outlives it. */
export interface Keeper {
  readonly name: string;
  save(): unknown;
  /** Called before anything is deployed. State of undeclared resources is dropped. */
  restore(state: unknown): void;
}

/** Another form of the state is not read. */
const version = 1;
const fileName = "kept";

/** There is an earlier stack's folder, and no whole state in it. */
export class StateNotSavedError extends VectorkeepError {
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `The stack that ran last did not save its state in ${folder}: it was killed, or it is of another version.`,
      "Start without --keep; its tables, queues and objects are lost.",
      options,
    );
  }
}

/**
 * Returns the state of the last run, undefined if there was none. Removes it, so that a stack that is killed does not
 * continue from an old state.
 */
export async function takeKeptState(folder: string): Promise<KeptState | undefined> {
  if (!existsSync(folder)) return undefined;
  const file = join(folder, fileName);
  const { version: found, ...state } = await read(file).catch((cause: unknown) => {
    throw new StateNotSavedError(folder, { cause });
  });
  if (found !== version) throw new StateNotSavedError(folder);
  await rm(file);
  // These belong to the last run only. File systems are kept.
  for (const name of ["code", "tmp", "problems.log"]) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
  return state;
}

async function read(file: string): Promise<KeptState & { version: number }> {
  return deserialize(await readFile(file)) as KeptState & { version: number };
}

/** Atomic: an existing state is complete. It holds secrets, so only the owner may read it. */
export async function saveKeptState(folder: string, state: KeptState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `${fileName}.partial`);
  await writeFile(partial, serialize({ version, ...state }), { mode: 0o600 });
  await rename(partial, join(folder, fileName));
}
