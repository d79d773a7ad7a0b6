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
  /** How long a contender waits for a living holder. */
  readonly leaseWaitMs: number;
  /** Messages taken beyond those delivered, the bytes of their bodies, and for how long. */
  readonly drainMessages: number;
  readonly drainBytes: number;
  readonly drainMs: number;
  readonly minPublishIntervalMs: number;
  readonly maxFailures: number;
  readonly fold: FoldRules;
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
  readonly items: CurrentFacts;
  readonly queue: CollectionQueue;
  /** For redriving documents that must be rebuilt. */
  readonly queues: RunQueues;
  readonly ledger: FailureLedger;
  readonly generations: Generations;
  readonly folds: FoldRequests;
  /** What a process has that writes bases in its cycles. @default it asks for a fold */
  readonly base?: BaseWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The process has to end: a cycle that has not published is given up. @default never */
  readonly over?: AbortSignal | undefined;
  /** Of the cycle or fold that works with these: nothing is written any more. @default never */
  readonly signal?: AbortSignal | undefined;
  /** Told before each step; what it throws ends the cycle as a failure of that step would. */
  readonly onStep: (step: Step) => void;
}

/** What a cycle under its lease hands to the one that writes its base. */
export interface BaseWork {
  readonly deps: CycleDeps;
  readonly workspace: Workspace;
  readonly lease: Lease;
  readonly head: Head | undefined;
  readonly documents: readonly StartedDocument[];
  readonly failed: FailedMessages;
  /** A moment of the clock: nothing new is merged after it. */
  readonly until: number;
  readonly step: (step: Step) => void;
}

/** What is done once the head is moved. */
export interface Done {
  /** Vectors of each run's delta. */
  readonly runs: ReadonlyMap<RunWork, number>;
  readonly changeMessages: readonly QueuedMessage[];
}

export interface WrittenBase {
  readonly head: Head | undefined;
  readonly done?: Done;
  /** Bytes that the new generation does not share with the one before. */
  readonly bytesWritten: number;
  readonly hasWrittenBase: boolean;
  /** No generation is sound; the next cycle continues the rebuild. */
  readonly isRebuilding?: boolean;
}

/** Injected, so that the program that only publishes has no database in it. */
export interface BaseWriter {
  readonly workspace: Workspace;
  write(work: BaseWork): Promise<WrittenBase>;
}

/** Of a cycle that repairs: it takes what is queued, and writes a base. */
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
/** Of a cycle that publishes a segment. */
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
