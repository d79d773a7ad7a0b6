import * as z from "zod";
import type { Differences } from "./differences.ts";

/**
 * The fault of a document in a shard:
 *
 * - `differs`: the shard does not contain exactly the expected vectors.
 * - `misplaced`: the vectors belong to another shard.
 * - `unknown`: the document has no CURRENT item, so the expected vectors are unknown.
 * - `without_run`: CURRENT names a run that the source table does not have.
 * - `without_delta`: the delta of the document's run does not exist or cannot be used.
 * - `failed`: compaction gave up the run.
 */
export const faults = ["differs", "misplaced", "unknown", "without_run", "without_delta", "failed"] as const;
export type Fault = (typeof faults)[number];

const count = z.int().min(0);

export const finding = z.object({
  /** The key of the document, or the id of a vector that belongs to no document. */
  receipt: z.string(),
  fault: z.enum(faults),
  /** Numbers of vectors that are missing; that are not expected; and whose document, metadata or numbers differ. */
  missing: count,
  extra: count,
  stale: count,
  /** Details beyond the counts. */
  why: z.string().optional(),
  /** The first few vectors, each with its fault. */
  vectors: z.array(z.string()),
});
export type Finding = z.infer<typeof finding>;

export const shardReport = z.object({
  shard: z.string(),
  /** Name of the generation that was compared; null if nothing is published. */
  generation: z.string().nullable(),
  /** Whether the numbers of the vectors were compared too. */
  numbers: z.boolean(),
  model: z.string(),
  dimensions: count,
  /** The number of documents with expected vectors, including those in flight, and of published vectors. */
  receipts: count,
  vectors: count,
  /** Numbers of vectors. `extra` includes misplaced vectors, but not unknown ones. */
  missing: count,
  extra: count,
  stale: count,
  unknown: count,
  /** Numbers of documents. */
  without_run: count,
  without_delta: count,
  failed: count,
  on_their_way: count,
  /** The first few documents in flight, each with the reason. */
  waiting: z.array(z.string()),
  /** Number of documents with a fault; each has one finding. */
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

/** The number of documents with expected vectors in a report. */
export function documentCountOf({ receipts }: Pick<ShardReport, "receipts">): number {
  return receipts;
}

/** The report's field for that number. */
export function countOfDocuments(documents: number): Pick<ShardReport, "receipts"> {
  return { receipts: documents };
}

/** The result of comparing a shard, or some of its documents, with the expected state. */
export type ShardReport = z.infer<typeof shardReport>;

export const maxWaiting = 20;
const vectorsShown = 3;

export function isClean({ faulty }: Pick<ShardReport, "faulty">): boolean {
  return faulty === 0;
}

/** Joins two parts of one shard's report; `next` is that of the later part. */
export function joined(before: ShardReport, after: ShardReport): ShardReport {
  const sums = summed.map((key) => [key, before[key] + after[key]] as const);
  return {
    ...after,
    ...(Object.fromEntries(sums) as Pick<ShardReport, (typeof summed)[number]>),
    waiting: [...before.waiting, ...after.waiting].slice(0, maxWaiting),
    findings: [...before.findings, ...after.findings],
  };
}

/** All counts except that of vectors, which covers the whole shard in every part. */
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

/** A finding that lists the first few of its vectors. */
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
