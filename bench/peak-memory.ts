import { readdirSync, readFileSync } from "node:fs";

const everyMs = 200;

/** The resident memory of this process and all that it started, watched for its peak. */
export class PeakMemory {
  /** Bytes: the most that the processes of one moment together had, each counted with its own highest until then. */
  together = 0;
  /** The highest of each kind of process, in bytes. */
  readonly byKind = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.look(), everyMs);
    this.#timer.unref();
  }

  look(): void {
    let sum = 0;
    for (const { pid, kind } of family()) {
      const bytes = highest(pid);
      sum += bytes;
      this.byKind.set(kind, Math.max(bytes, this.byKind.get(kind) ?? 0));
    }
    this.together = Math.max(this.together, sum);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.look();
  }
}

interface Member {
  readonly pid: number;
  readonly kind: string;
}

/** This process and its descendants. */
function family(): Member[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === process.pid || isOurs(parents.get(pid)));
  return [...parents.keys()].filter(isOurs).map((pid) => ({ pid, kind: kindOf(pid) }));
}

function parentOf(pid: number): number | undefined {
  const after = read(`/proc/${pid}/stat`).split(") ").at(-1);
  const parent = Number(after?.split(" ")[1]);
  return parent > 0 ? parent : undefined;
}

function kindOf(pid: number): string {
  if (pid === process.pid) return "compaction and search";
  return read(`/proc/${pid}/cmdline`).includes("local-aws") ? "local AWS" : "Chroma server";
}

/** The most that was ever resident of the process. */
function highest(pid: number): number {
  return 1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Empty where the process has gone meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
