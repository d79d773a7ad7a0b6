import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Ids of the processes of a service whose program lies below a folder. */
export function pidsOf(service: "bulk-api" | "bulk-worker", folder: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line.includes(folder) && line.includes(`-${service}/`))
    .map((line) => Number.parseInt(line, 10));
}

/** Resident bytes of the largest worker; of none, 0. */
export function maxWorkerBytes(folder: string): number {
  const sizes = pidsOf("bulk-worker", folder).map((pid) => {
    try {
      const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return Number(kilobytes ?? 0) * 1024;
    } catch {
      return 0;
    }
  });
  return Math.max(0, ...sizes);
}

const ticksPerSecond = 100;

/** CPU that the workers and the API have taken since they started. */
export function cpuSeconds(folder: string): number {
  const pids = [...pidsOf("bulk-worker", folder), ...pidsOf("bulk-api", folder)];
  const ticks = pids.map((pid) => {
    // The name of the program, in brackets, may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}
