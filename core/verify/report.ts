import * as z from "zod";
import type { Differences } from "./differences.ts";

/**
 * What is wrong with a document in a shard.
 *
 * - `differs`: the shard does not hold exactly the expected vectors.
 * - `misplaced`: vectors of an image that another shard holds.
 * - `unknown`: vectors of a document without a CURRENT item, so the expected vectors are unknown.
 * - `without_run`: CURRENT names a run that the source table does not have.
 * - `without_delta`: the delta of its run is not there or cannot be used.
 * - `failed`: compaction gave the run up.
 */
export const faults = ["differs", "misplaced", "unknown", "without_run", "without_delta", "failed"] as const;
export type Fault = (typeof faults)[number];

const count = z.int().min(0);

export const finding = z.object({
  /** The key of the document, or the id of a vector that is of no document. */
  receipt: z.string(),
  fault: z.enum(faults),
  /** Vectors that are expected and absent, present and not expected, and present with another document, metadata or numbers. */
  missing: count,
  extra: count,
  stale: count,
  /** What there is to say beside the counts. */
  why: z.string().optional(),
  /** The first few vectors, each after what is wrong with it. */
  vectors: z.array(z.string()),
});
export type Finding = z.infer<typeof finding>;

export const shardReport = z.object({
  shard: z.string(),
  /** Name of the generation that was looked at; null where nothing is published. */
  generation: z.string().nullable(),
  /** Whether the numbers of the vectors were compared too. */
  numbers: z.boolean(),
  model: z.string(),
  dimensions: count,
  /** Documents with expected vectors, those in flight included; published vectors. */
  receipts: count,
  vectors: count,
  /** Vectors. `extra` counts misplaced ones too, and not the unknown. */
  missing: count,
  extra: count,
  stale: count,
  unknown: count,
  /** Documents. */
  without_run: count,
  without_delta: count,
  failed: count,
  on_their_way: count,
  /** The first few of those, each with the reason. */
  waiting: z.array(z.string()),
  /** Documents with a fault: one finding each. */
  faulty: count,
  findings: z.array(finding),
  seconds: z.number(),
  /** The last document that was checked; the next call continues after it. Null if none remain. */
  next: z.string().nullable(),
});

/** The key of the document that a finding is about, or the id of a vector that belongs to no document. */
export function keyOfFinding({ receipt }: Pick<Finding, "receipt">): string {
  return receipt;
}

/** How many documents with expected vectors a report covers. */
export function documentCountOf({ receipts }: Pick<ShardReport, "receipts">): number {
  return receipts;
}

/** The entry of a report with that number. */
export function countOfDocuments(documents: number): Pick<ShardReport, "receipts"> {
  return { receipts: documents };
}

/** How one shard, or a part of its documents, compares with what is true. */
export type ShardReport = z.infer<typeof shardReport>;

export const maxWaiting = 20;
const vectorsShown = 3;

export function isClean({ faulty }: Pick<ShardReport, "faulty">): boolean {
  return faulty === 0;
}

/** Two parts of one shard as one; `next` is that of the later part. */
export function joined(before: ShardReport, after: ShardReport): ShardReport {
  const sums = summed.map((key) => [key, before[key] + after[key]] as const);
  return {
    ...after,
    ...(Object.fromEntries(sums) as Pick<ShardReport, (typeof summed)[number]>),
    waiting: [...before.waiting, ...after.waiting].slice(0, maxWaiting),
    findings: [...before.findings, ...after.findings],
  };
}

/** All counts but that of vectors, which is the whole shard's in every part. */
const summed = [
  "receipts",
  "missing",
  "extra",
  "stale",
  "unknown",
  "without_run",
  "without_delta",
  "failed",
  "on_their_way",
  "faulty",
  "seconds",
] as const;

/** A finding that names the first of its vectors. */
export function findingOf(
  key: string,
  fault: Fault,
  { missing = [], extra = [], stale = [], why }: Partial<Differences> & { readonly why?: string } = {},
): Finding {
  const named = [
    ...missing.map((id) => `missing ${id}`),
    ...extra.map((id) => `extra ${id}`),
    ...stale.map(({ id, what }) => `stale ${what} ${id}`),
  ];
  return {
    receipt: key,
    fault,
    missing: missing.length,
    extra: extra.length,
    stale: stale.length,
    ...(why !== undefined && { why }),
    vectors: named.slice(0, vectorsShown),
  };
}
