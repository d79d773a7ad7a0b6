import { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { pathToFileURL } from "node:url";

/** What a program group gets instead of SIGKILL: "write your counts, then die". */
const request = "SIGUSR2";
/** A process that is busy for longer dies without its counts. */
const patienceMilliseconds = 3_000;

/**
 * Lets all processes that this one starts write V8's coverage before a signal ends them, and those that they start. Node
 * writes it at a regular end, and when a process kills itself; but the local stack ends functions by SIGKILL, as Lambda does.
 */
export function keepLastCounts(preload: string): void {
  passOn(`--import=${pathToFileURL(preload).href}`);
  askBeforeGroupsAreKilled();
}

/** What the process does for its own part. */
export function writeBeforeDeath(): void {
  process.on(request, () => process.kill(-process.pid, "SIGKILL"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const dieOfIt = () => {
      // One with a listener of its own ends regularly.
      if (process.listenerCount(signal) > 1) return;
      process.off(signal, dieOfIt);
      process.kill(process.pid, signal);
    };
    process.on(signal, dieOfIt);
  }
}

/** Node hands NODE_V8_COVERAGE to every child, whatever environment it is given, but not NODE_OPTIONS. */
function passOn(option: string): void {
  const prototype = ChildProcess.prototype as unknown as { spawn(options: { envPairs?: string[] }): unknown };
  const { spawn } = prototype;
  prototype.spawn = function withOption(options) {
    const pairs = options.envPairs ?? [];
    const given = pairs.find((pair) => pair.startsWith("NODE_OPTIONS=")) ?? "NODE_OPTIONS=";
    if (!given.includes(option))
      options.envPairs = [...pairs.filter((pair) => pair !== given), `${given} ${option}`];
    return spawn.call(this, options);
  };
}

function askBeforeGroupsAreKilled(): void {
  const { kill } = process;
  process.kill = (pid, signal) => {
    if (signal !== "SIGKILL" || pid >= 0 || pid === -process.pid || !listens(-pid))
      return kill.call(process, pid, signal);
    setTimeout(() => killIfThere(pid), patienceMilliseconds).unref();
    return kill.call(process, -pid, request);
  };

  function killIfThere(pid: number): void {
    try {
      kill.call(process, pid, "SIGKILL");
    } catch {
      // It has written its counts and is gone.
    }
  }
}

/** Whether a process has a handler of the request; without one the request would end it. */
function listens(pid: number): boolean {
  try {
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[request] - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}
