import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import type { CurrentFacts } from "../../documents/documents.ts";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { RunQueues } from "../../runs/run-queues.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { GarbageRules } from "../generations/collect-garbage.ts";
import type { FoldRules } from "../generations/fold-due.ts";
import type { Generations } from "../generations/generations.ts";
import type { Head } from "../generations/head.ts";
import type { Lease } from "../lease/lease.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { CollectionQueue, QueuedMessage } from "../messages/collection-queue.ts";
import type { RunWork, StartedDocument } from "../messages/document-work.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import type { FailureLedger } from "../messages/failure-ledger.ts";
import type { FoldRequests } from "../messages/fold-queue.ts";
import type { RebuildStep } from "../rebuild/rebuild.ts";
import type { Workspace } from "../workspace/workspace.ts";

export interface CycleConfig {
  readonly leaseMs: number;
  /** How long a contender waits for a live holder. */
  readonly leaseWaitMs: number;
  /** Limits on what is drained beyond the delivered messages: count, bytes of their bodies, and time. */
  readonly drainMessages: number;
  readonly drainBytes: number;
  readonly drainMs: number;
  readonly minPublishIntervalMs: number;
  readonly maxFailures: number;
  readonly fold: FoldRules;
  readonly garbage: GarbageRules;
}

/** The dependencies of a cycle of one shard. */
export interface CycleDeps {
  readonly shard: ShardName;
  /** The collection, with the model and dimensions that its deltas must have. */
  readonly target: DeltaTarget;
  readonly config: CycleConfig;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: RunStore;
  readonly deltas: DeltaStore;
  readonly items: CurrentFacts;
  readonly queue: CollectionQueue;
  /** Used to redrive documents that must be rebuilt. */
  readonly queues: RunQueues;
  readonly ledger: FailureLedger;
  readonly generations: Generations;
  readonly folds: FoldRequests;
  /** Set in a process whose cycles write bases. @default the cycle requests a fold */
  readonly base?: BaseWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Aborts when the process has to stop; a cycle that has not published is then abandoned. @default never */
  readonly over?: AbortSignal | undefined;
  /** Aborts when this cycle or fold must stop writing. @default never */
  readonly signal?: AbortSignal | undefined;
  /** Called before each step. If it throws, the cycle fails as it would if the step had failed. */
  readonly onStep: (step: Step) => void;
}

/** What a cycle passes to its base writer. */
export interface BaseWork {
  readonly deps: CycleDeps;
  readonly workspace: Workspace;
  readonly lease: Lease;
  readonly head: Head | undefined;
  readonly documents: readonly StartedDocument[];
  readonly failed: FailedMessages;
  /** Time (of the clock) after which nothing new is merged. */
  readonly until: number;
  readonly step: (step: Step) => void;
}

/** What is completed and acknowledged after the head has moved. */
export interface Done {
  /** The number of vectors in each run's delta. */
  readonly runs: ReadonlyMap<RunWork, number>;
  readonly changeMessages: readonly QueuedMessage[];
}

export interface WrittenBase {
  readonly head: Head | undefined;
  readonly done?: Done;
  /** Bytes that the new generation does not share with its predecessor. */
  readonly bytesWritten: number;
  readonly hasWrittenBase: boolean;
  /** No generation is sound; the next cycle continues the rebuild. */
  readonly isRebuilding?: boolean;
}

/** Injected, so that the bundle of a process that only publishes contains no database. */
export interface BaseWriter {
  readonly workspace: Workspace;
  write(work: BaseWork): Promise<WrittenBase>;
}

/** Steps of a repair cycle: it merges the queued messages and writes a base. */
export const repairSteps = [
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
/** Steps of a cycle that publishes a segment. */
export const publishSteps = [
  "lease",
  "drain",
  "start runs",
  "read deltas",
  "write segment",
  "move head",
  "acknowledge",
  "collect garbage",
  "release",
] as const;
export const foldSteps = [
  "lease",
  "materialise",
  "apply",
  "verify",
  "write generation",
  "move head",
  "collect garbage",
  "release",
] as const;
export type Step =
  | (typeof repairSteps)[number]
  | (typeof publishSteps)[number]
  /** Only where no generation is sound. */
  | "rebuild"
  | `rebuild: ${RebuildStep}`;
