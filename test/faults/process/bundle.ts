import { join } from "node:path";
import { buildProgram } from "../../../infra/bundles/build-program.ts";
import { place, programFiles } from "../../../infra/bundles/bundle.ts";

/** File of the second handler, bundled as a function is. */
export async function cycleProgram(): Promise<string> {
  const program = await buildProgram("test/faults/process/main.ts");
  const folder = join(import.meta.dirname, "../../../.build/fault-tests");
  return join(await place(new Map(programFiles("main.mjs", program)), folder), "main.mjs");
}
