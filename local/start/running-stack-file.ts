import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { NoStackError, resolveTarget, runningStackFile } from "../../cli/target.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { LocalStack } from "../stack.ts";

/** Another stack uses this folder. */
export class FolderTakenError extends VectorkeepError {
  constructor(endpoint: string) {
    super(
      `A stack runs in this folder already, at ${endpoint}.`,
      "Stop it with Ctrl-C in its terminal, or start the other one in a copy of the project.",
    );
  }
}

/** Throws FolderTakenError if another running stack uses the folder; the file of a killed stack is ignored. */
export async function requireFreeFolder(): Promise<void> {
  const running = await resolveTarget({}).catch((error: unknown) => {
    if (error instanceof NoStackError) return undefined;
    throw error;
  });
  if (running) throw new FolderTakenError(running.environment.AWS_ENDPOINT_URL ?? "");
}

/** Lets `npm run search` and `npm run export` in this folder find the stack. Its keys are worth nothing elsewhere. */
export async function announce({ outputs, environment }: LocalStack): Promise<void> {
  await mkdir(dirname(runningStackFile), { recursive: true });
  await writeFile(runningStackFile, JSON.stringify({ outputs, environment }, undefined, 2), { mode: 0o600 });
}

export async function withdraw(): Promise<void> {
  await rm(runningStackFile, { force: true });
}
