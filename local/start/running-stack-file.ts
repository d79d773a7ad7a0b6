import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { runningStackFile } from "../../cli/target.ts";
import type { LocalStack } from "../stack.ts";

/** Lets `npm run search` and `npm run export` in this folder find the stack. Its keys are worth nothing elsewhere. */
export async function announce({ outputs, environment }: LocalStack): Promise<void> {
  await mkdir(dirname(runningStackFile), { recursive: true });
  await writeFile(runningStackFile, JSON.stringify({ outputs, environment }, undefined, 2), { mode: 0o600 });
}

export async function withdraw(): Promise<void> {
  await rm(runningStackFile, { force: true });
}
