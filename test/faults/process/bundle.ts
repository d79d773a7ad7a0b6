import { join } from "node:path";
import { bundleProgram, place } from "../../../infra/bundles/bundle.ts";

/** File of the second handler, bundled as a function is. */
export async function cycleProgram(): Promise<string> {
  const code = await bundleProgram("test/faults/process/main.ts");
  const folder = join(import.meta.dirname, "../../../.build/fault-tests");
  return join(await place(new Map([["main.mjs", code]]), folder), "main.mjs");
}
