import { parseGenerationName } from "../generations/generation-name.ts";
import type { Generations } from "../generations/generations.ts";
import { type Head, readHead } from "../generations/head.ts";
import { type LeaseDeps, underLease } from "../lease/under-lease.ts";
import { type RebuildDeps, type RebuildStep, type Rebuilt, rebuild } from "./rebuild.ts";
import { progressOf, type RebuildRecord, readRebuild } from "./rebuild-record.ts";

export interface RebuildShardDeps extends RebuildDeps, LeaseDeps {
  readonly onStep: (step: RebuildStep) => void;
}

export interface RebuildShardOptions {
  /** The rebuild that an earlier call began. @default the one in progress, or a new one */
  readonly id?: string | undefined;
  /** Maximum wait for the lease. */
  readonly maxWaitMs: number;
  /** Time (of the clock) after which no document is started. */
  readonly until: number;
}

/** The report to the operator about one part of a rebuild. */
export type ShardRebuilt =
  | { readonly state: "unfinished"; readonly id: string; readonly done: number; readonly known: number }
  | {
      readonly state: "published";
      readonly id: string;
      readonly head: Pick<Head, "generation" | "name">;
      readonly documents: number;
      readonly vectors: number;
      readonly leftOut: number;
      /** The first few left-out documents, each with the reason. */
      readonly named: readonly string[];
    };

/**
 * Runs one part of a rebuild for an operator, under the lease and until the time is up. A rebuild that another process
 * has completed is not repeated. Throws CollectionBusyError and the errors of `rebuild`.
 */
export async function rebuildShard(
  deps: RebuildShardDeps,
  { id, maxWaitMs, until }: RebuildShardOptions,
): Promise<ShardRebuilt> {
  const { shard, control, generations, workspace, onStep } = deps;
  return underLease(deps, maxWaitMs, async (lease) => {
    const record = await readRebuild(control, shard);
    if (record !== undefined && record.rebuild_id === id && record.state === "PUBLISHED") {
      return ended(record, generations);
    }
    const head = await readHead(control.client, control.controlTable, shard);
    try {
      const rebuilt = await rebuild(deps, lease, head, {
        until,
        publishesWithout: async () => head === undefined || !(await generations.isSound(head.name)),
        onStep,
      });
      return rebuilt.state === "unfinished" ? rebuilt : published(rebuilt);
    } finally {
      await workspace.discard();
    }
  });
}

const maxNamed = 20;

function published({ leftOut, ...rebuilt }: Extract<Rebuilt, { state: "published" }>): ShardRebuilt {
  const named = [...leftOut].slice(0, maxNamed).map(([document, why]) => `${document}: ${why}`);
  return { ...rebuilt, leftOut: leftOut.size, named };
}

/** The report of a rebuild that another process has published. */
async function ended(record: RebuildRecord, generations: Generations): Promise<ShardRebuilt> {
  const { rebuild_id: id, generation: name = "" } = record;
  const { done, leftOut } = progressOf(record);
  const manifest = await generations.manifestIfReadable(name);
  return {
    state: "published",
    id,
    head: { generation: parseGenerationName(name)?.number ?? 0, name },
    documents: done,
    vectors: manifest?.count ?? 0,
    leftOut,
    named: [],
  };
}
