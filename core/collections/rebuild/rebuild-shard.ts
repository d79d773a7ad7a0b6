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
  /** The rebuild that an earlier call began. @default the one that is under way, or a new one */
  readonly id?: string | undefined;
  /** How long the lease is waited for. */
  readonly maxWaitMs: number;
  /** A moment of the clock: nothing new is begun after it. */
  readonly until: number;
}

/** The report to the operator on a part of a rebuild. */
export type ShardRebuilt =
  | { readonly state: "unfinished"; readonly id: string; readonly done: number; readonly known: number }
  | {
      readonly state: "published";
      readonly id: string;
      readonly head: Pick<Head, "generation" | "name">;
      readonly documents: number;
      readonly vectors: number;
      readonly leftOut: number;
      /** The first few of those, each with the reason. */
      readonly named: readonly string[];
    };

/**
 * Rebuilds a shard for an operator, under the lease, as far as the time reaches. One that somebody else ended meanwhile is
 * not done again. Throws CollectionBusyError, and what `rebuild` throws.
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

/** What another process published of the same rebuild. */
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
