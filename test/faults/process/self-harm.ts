import { readdirSync, readFileSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import type { CycleDeps, Step } from "../../../core/collections/cycle/cycle-deps.ts";
import type { FoldDeps } from "../../../core/collections/fold/fold-deps.ts";
import type { Harm } from "./harm.ts";

type Method = (...input: unknown[]) => unknown;

/** Counts what the process does, and harms it when its moment has come. */
export class SelfHarm {
  /** Names of the calls so far, in order. */
  calls: string[] = [];
  readonly #harms: Harm[];
  readonly #slowMs: number;
  readonly #counting = new WeakSet<object>();

  /** `slowMs`: how long each call of the vector store takes beyond its own time, so that heartbeats fall into it. */
  constructor(harms: readonly Harm[], slowMs: number) {
    this.#harms = [...harms];
    this.#slowMs = slowMs;
  }

  /** The parts, each of whose calls is counted. */
  around(parts: FoldDeps): FoldDeps {
    this.#watchTables(parts.control.client);
    const watched = <T extends object>(name: string, part: T) =>
      this.#watched(part, (method) => `${name}.${method}`);
    return {
      ...parts,
      deltas: watched("deltas", parts.deltas),
      items: watched("items", parts.items),
      queue: watched("queue", parts.queue),
      queues: watched("queues", parts.queues),
      workspace: this.#watched(parts.workspace, (method) => `workspace.${method}`, ["open"]),
      onStep: (step) => {
        parts.onStep(step);
        this.#reach(step);
      },
    };
  }

  /** Counts what writes files, wherever it is called from. */
  watchFiles(): void {
    for (const name of ["copyFile", "link", "mkdir", "open", "rename", "rm", "writeFile"] as const) {
      Object.assign(files, { [name]: this.#counted(() => `files.${name}`, files[name] as Method) });
    }
    syncBuiltinESMExports();
  }

  /** The client itself, which the run store has too. */
  #watchTables(client: CycleDeps["control"]["client"]): void {
    if (this.#counting.has(client)) return;
    this.#counting.add(client);
    const send = client.send.bind(client) as Method;
    client.send = this.#counted(nameOf, send) as typeof client.send;
  }

  #watched<T extends object>(part: T, name: (method: string) => string, opens: readonly string[] = []): T {
    return new Proxy(part, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function" || typeof key !== "string") return value;
        const call = this.#counted(() => name(key), value.bind(target) as Method);
        if (!opens.includes(key)) return call;
        return async (...input: unknown[]) =>
          this.#watched((await call(...input)) as object, (method) => `store.${method}`);
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  }

  #counted(name: (input: unknown) => string, method: Method): Method {
    return (...input) => {
      const called = name(input[0]);
      this.calls.push(called);
      const position = this.calls.length;
      const nth = this.calls.filter((other) => other === called).length;
      this.#meet(called, nth, position, "before");
      const answer = called.startsWith("store.") ? this.#slowly(() => method(...input)) : method(...input);
      if (!(answer instanceof Promise)) return answer;
      return answer.then((value) => {
        this.#meet(called, nth, position, "after");
        return value;
      });
    };
  }

  async #slowly(call: () => unknown): Promise<unknown> {
    await pause(this.#slowMs);
    return call();
  }

  #reach(step: Step): void {
    for (const harm of this.#harms) {
      if (!("step" in harm.at) || harm.at.step !== step) continue;
      const { afterMs } = harm.at;
      if (afterMs === undefined) this.#act(harm);
      else setTimeout(() => this.#act(harm), afterMs);
    }
  }

  #meet(called: string, nth: number, position: number, effect: "before" | "after"): void {
    for (const harm of this.#harms) {
      if (!("nth" in harm.at) || harm.at.effect !== effect) continue;
      if (
        harm.at.call === undefined ? harm.at.nth === position : harm.at.call === called && harm.at.nth === nth
      ) {
        this.#act(harm);
      }
    }
  }

  /** Once: a process that was paused and resumes is not harmed again. */
  #act(harm: Harm): void {
    const position = this.#harms.indexOf(harm);
    if (position < 0) return;
    this.#harms.splice(position, 1);
    for (const pid of harm.to === "itself" ? [process.pid] : childrenOf(process.pid))
      process.kill(pid, harm.signal);
  }
}

/** `beat`, `move head` and so on for what is written of the lease and the head, else the command's name. */
function nameOf(command: unknown): string {
  const { input } = command as { input: { UpdateExpression?: string } };
  const update = input.UpdateExpression ?? "";
  if (update.startsWith("SET lease_counter") || update.startsWith("SET fold_counter")) return "beat";
  if (update.startsWith("SET lease_owner") || update.startsWith("SET fold_owner")) return "take lease";
  if (update.startsWith("REMOVE lease_owner") || update.startsWith("REMOVE fold_owner")) {
    return "release lease";
  }
  if (update.startsWith("SET head_generation")) return "move head";
  return (command as object).constructor.name;
}

/** The cycle's only children are Chroma servers. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}
