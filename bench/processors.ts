import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The CPUs that this process may use at its start, by number; never empty. */
const allowed = processorsOf(readFileSync("/proc/self/status", "utf8"));

/** Has a process with all its threads run on the last processor only. */
export function keepToLastProcessor(pid: number): void {
  keepTo(allowed.slice(-1), ["--all-tasks", "--pid"], pid);
}

/** Has a process with all its threads, and whatever it starts from now on, leave the last processor to others. */
export function keepFromLastProcessor(pid: number): void {
  keepTo(allowed.length > 1 ? allowed.slice(0, -1) : allowed, ["--all-tasks", "--pid"], pid);
}

/** As keepToLastProcessor, of one named thread of this process alone. */
export function keepThreadToLastProcessor(name: string): void {
  const folder = "/proc/self/task";
  const id = readdirSync(folder).find((task) => nameOf(`${folder}/${task}`) === name);
  if (id === undefined) throw new Error(`This process has no thread "${name}".`);
  keepTo(allowed.slice(-1), ["--pid"], Number(id));
}

/** Undefined for a thread that has ended meanwhile. */
function nameOf(task: string): string | undefined {
  try {
    return readFileSync(`${task}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** What `Cpus_allowed_list` of a process's status says, such as `0-3,8`. */
export function processorsOf(status: string): number[] {
  const [, list = "0"] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function keepTo(processors: readonly number[], options: readonly string[], id: number): void {
  execFileSync("taskset", [...options, "--cpu-list", processors.join(","), String(id)]);
}
