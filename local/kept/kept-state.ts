import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** What parts of the stack save when it stops, by their names. */
export type KeptParts = Readonly<Record<string, unknown>>;

/** The saved state of a stack. */
export interface KeptState {
  readonly parts: KeptParts;
  /** That were made up for the stack when it was new. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A part of the stack whose state outlives it. */
export interface Keeper {
  readonly name: string;
  save(): unknown;
  /** Before anything is deployed. What the program declares no more is not taken up. */
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

/** Undefined where no stack ever ran. The state is read once: a stack that is killed must not go on from an old one. */
export async function takeKeptState(folder: string): Promise<KeptState | undefined> {
  if (!existsSync(folder)) return undefined;
  const file = join(folder, fileName);
  const { version: found, ...state } = await read(file).catch((cause: unknown) => {
    throw new StateNotSavedError(folder, { cause });
  });
  if (found !== version) throw new StateNotSavedError(folder);
  await rm(file);
  // Of the last run alone. File systems stay as they are.
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
