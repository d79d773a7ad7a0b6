import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CycleDeps, Step } from "./cycle-deps.ts";

/** A cycle was given up because its process has to end. */
export class CycleAbandonedError extends VectorkeepError {
  constructor(shard: ShardName) {
    super(
      `The cycle of ${shard} was given up, because its process has to end.`,
      "Nothing was published; its messages are redelivered.",
    );
  }
}

/** From here on only little is left to do, and giving up would have it done again. */
const afterPublishing: readonly Step[] = ["acknowledge", "collect garbage", "release"];

/**
 * The dependencies of a cycle that is abandoned soon after the signal, in any step, as after a failure: nothing is
 * published, its lease is released and its messages are redelivered. A cycle that has already moved the head runs to
 * its end.
 *
 * Work in progress is not awaited. It continues in scratch and in a generation that no head will name, so no other
 * cycle may start in this process.
 */
export function abandonable(deps: CycleDeps, over: AbortSignal): CycleDeps {
  const { shard, clock, queue, runs, base, generations, onStep } = deps;
  const orAbandon = <T>(work: () => Promise<T>) =>
    unlessAborted(work, over, () => new CycleAbandonedError(shard));
  return {
    ...deps,
    onStep(step) {
      onStep(step);
      if (over.aborted && !afterPublishing.includes(step)) throw new CycleAbandonedError(shard);
    },
    clock: {
      now: () => clock.now(),
      sleep: (ms, signal) => (signal ? clock.sleep(ms, signal) : orAbandon(() => clock.sleep(ms))),
    },
    queue: withMethods(queue, { receive: (...args) => orAbandon(() => queue.receive(...args)) }),
    runs: withMethods(runs, { start: (...args) => orAbandon(() => runs.start(...args)) }),
    ...(base && { base: { ...base, workspace: abandonableWorkspace(base.workspace, orAbandon) } }),
    generations: withMethods(generations, {
      write: (...args) => orAbandon(() => generations.write(...args)),
    }),
  };
}

type OrAbandon = <T>(work: () => Promise<T>) => Promise<T>;

function abandonableWorkspace(workspace: Workspace, orAbandon: OrAbandon): Workspace {
  return withMethods(workspace, {
    async open(...args) {
      const opening = workspace.open(...args);
      const store = await orAbandon(() => opening).catch((error) => {
        closeWhenOpen(workspace, opening);
        throw error;
      });
      return abandonableStore(store, orAbandon);
    },
  });
}

/** A server that starts too late for anybody to use it. */
function closeWhenOpen(workspace: Workspace, opening: Promise<unknown>): void {
  void opening.then(() => workspace.close()).catch(() => undefined);
}

function abandonableStore(store: VectorStore, orAbandon: OrAbandon): VectorStore {
  return new Proxy(store, {
    get(_, name) {
      const method: unknown = Reflect.get(store, name, store);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => orAbandon(async () => Reflect.apply(method, store, args));
    },
  });
}

/** The same object, but for these methods. */
function withMethods<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const other: unknown = Reflect.get(methods, name);
      if (other !== undefined) return other;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** Rejects as soon as the signal is aborted; then nothing is begun any more. */
async function unlessAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  reason: () => Error,
): Promise<T> {
  if (signal.aborted) throw reason();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(reason());
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
