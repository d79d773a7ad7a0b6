import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildProgram, projectRoot } from "../infra/bundles/build-program.ts";
import { median } from "./statistics.ts";

/**
 * What the import of each function's bundle costs: the part of a cold start that is ours. CPU time, so that a busy machine measures the
 * same. A handler then reads its environment and fails without one, which is after all that it imports.
 */
const script = `
const before = process.cpuUsage();
await import(process.argv[1]).catch(() => undefined);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);`;
const rounds = 5;

const folder = await mkdtemp(join(tmpdir(), "bench-imports-"));
try {
  console.log("function                kB  files  CPU ms to import");
  for (const name of (await readdir(join(projectRoot, "functions"))).sort()) {
    const { code, inputs } = await buildProgram(`functions/${name}/handler.ts`);
    const file = join(folder, `${name}.mjs`);
    await writeFile(file, code);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await importOf(file));
    const size = Math.round(code.length / 1000);
    console.log(
      `${name.padEnd(20)} ${String(size).padStart(5)}  ${String(inputs.length).padStart(5)}  ${Math.round(median(times))}`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}

async function importOf(file: string): Promise<number> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", script, file],
    {
      env: { AWS_REGION: "us-east-1" },
    },
  );
  return Number(stdout);
}
