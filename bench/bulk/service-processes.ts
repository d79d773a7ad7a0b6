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
