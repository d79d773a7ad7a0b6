import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import type { CurrentItems } from "../../entities/current-items.ts";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { RunQueues } from "../../runs/run-queues.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { GarbageRules } from "../generations/collect-garbage.ts";
import type { Generations } from "../generations/generations.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { CollectionQueue } from "../messages/collection-queue.ts";
import type { FailureLedger } from "../messages/failure-ledger.ts";
import type { RebuildStep } from "../rebuild/rebuild.ts";
import type { Workspace } from "../workspace/workspace.ts";

export interface CycleConfig {
  readonly leaseMs: number;
  /** How long a contender waits for a living holder. */
  readonly leaseWaitMs: number;
  /** Messages taken beyond those delivered, the bytes of their bodies, and for how long. */
  readonly drainMessages: number;
  readonly drainBytes: number;
  readonly drainMs: number;
  readonly minPublishIntervalMs: number;
  readonly maxFailures: number;
  /**
   * Vectors of what has changed since the base was written, or a tenth of the base if that is more: beyond it a cycle
   * writes the next base. 0: every cycle does.
   */
  readonly foldVectors: number;
  readonly garbage: GarbageRules;
}

/** What a cycle works with: one shard's. */
export interface CycleDeps {
  readonly shard: ShardName;
  /** The collection, and the model and dimensions that its deltas must have. */
  readonly target: DeltaTarget;
  readonly config: CycleConfig;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: RunStore;
  readonly deltas: DeltaStore;
  readonly items: CurrentItems;
  readonly queue: CollectionQueue;
  /** For redriving receipts that must be rebuilt. */
  readonly queues: RunQueues;
  readonly ledger: FailureLedger;
  readonly generations: Generations;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told before each step; what it throws ends the cycle as a failure of that step would. */
  readonly onStep: (step: Step) => void;
}

export const steps = [
  "lease",
  "drain",
  "start runs",
  "materialise",
  "apply",
  "verify",
  "write generation",
  "move head",
  "acknowledge",
  "collect garbage",
  "release",
] as const;
/** Of a cycle that publishes a segment, in place of materialising, applying, verifying and writing a generation. */
export const segmentSteps = ["read deltas", "write segment"] as const;
export type Step =
  | (typeof steps)[number]
  | (typeof segmentSteps)[number]
  /** Only where no generation is sound. */
  | "rebuild"
  | `rebuild: ${RebuildStep}`;
