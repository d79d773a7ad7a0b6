import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { SnapshotAnswer } from "../../../core/snapshots/snapshot-request.ts";
import { bundleFunction, place } from "../../../infra/bundles/bundle.ts";

/** As Lambda does: invokes the handler once. It says what it answered in the last line. */
const program = `
  const [, index, killAt] = process.argv;
  if (killAt) {
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (chunk, ...rest) => {
      if (String(chunk).includes(JSON.stringify(killAt))) process.kill(process.pid, "SIGKILL");
      return write(chunk, ...rest);
    };
  }
  const { handler } = await import(index);
  const context = { awsRequestId: "1", functionName: "export-snapshot", getRemainingTimeInMillis: () => 80_000 };
  try {
    console.log("ANSWER " + JSON.stringify(await handler({ collection: "lines" }, context)));
  } catch (error) {
    console.log("ANSWER " + JSON.stringify({ error: error.name }));
  }
  process.exit(0);
`;

let code: Promise<string> | undefined;

/** Folder of the function's bundle, as it is deployed. */
function exporterCode(): Promise<string> {
  code ??= bundleFunction("export-snapshot", { native: ["chroma"] }).then((bundle) =>
    place(bundle, join(import.meta.dirname, "../../../.build/fault-tests-export-snapshot")),
  );
  return code;
}

export interface ExporterOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Folder in which the process gets a local disk of its own. */
  readonly folder: string;
  /** The step at whose beginning it kills itself. */
  readonly killAt?: string;
}

/** Runs the deployed function once in a process of its own. `killed` where it ended by SIGKILL. */
export async function runExporter({
  environment,
  folder,
  killAt = "",
}: ExporterOptions): Promise<SnapshotAnswer | { readonly error: string } | "killed"> {
  const index = pathToFileURL(join(await exporterCode(), "index.mjs")).href;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, index, killAt], {
    env: { PATH: process.env.PATH, ...environment, TMPDIR: await mkdtemp(join(folder, "tmp-")) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (child.signalCode === "SIGKILL") return "killed";
  const [, answer] = /^ANSWER (.*)$/m.exec(output) ?? [];
  if (answer === undefined) throw new Error(`The function did not answer. It printed: ${output}`);
  return JSON.parse(answer) as SnapshotAnswer;
}
