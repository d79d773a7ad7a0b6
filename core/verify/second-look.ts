import type { ShardName } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import { holdsShardKey } from "../documents/shards.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { type Differences, differencesOf, isNone } from "./differences.ts";
import { digestOf, type VectorDigest } from "./digest.ts";
import { type ExpectedVector, lookUp, type TruthDeps } from "./expected.ts";
import { textOf } from "./first-look.ts";
import { otherMetadata, otherNumbers, type Published } from "./published.ts";
import { type Finding, findingOf } from "./report.ts";

const documentsAtOnce = 16;
const mayWait = "messages are still queued, and one may concern it";

export interface SecondLook {
  /** Number of vectors of all documents. */
  readonly vectors: number;
  readonly findings: readonly Finding[];
  /** The reason why a document cannot be compared yet, by document key. */
  readonly inFlight: ReadonlyMap<string, string>;
}

export interface SecondLookOptions {
  readonly shard: ShardName;
  /** The expected state of the documents at the first look, by document key. */
  readonly doubtful: ReadonlyMap<string, string>;
  /** Whether every change made before the first look has been processed. */
  readonly settled: boolean;
  readonly withNumbers: boolean;
}

type Verdict = Finding | { readonly inFlight: string } | undefined;

/**
 * Compares the doubtful documents vector by vector with their current state. A document whose expected state has
 * changed since the first look is in flight, not faulty; so is one whose message may still be queued.
 */
export async function lookAgain(
  truth: TruthDeps,
  published: Published,
  options: SecondLookOptions,
): Promise<SecondLook> {
  const { vectors, there } = await digestsOf(published, options.doubtful);
  const findings: Finding[] = [];
  const inFlight = new Map<string, string>();
  await inParallel(options.doubtful.keys(), documentsAtOnce, async (key) => {
    const verdict = await judge(truth, published, options, key, there.get(key) ?? new Map());
    if (verdict === undefined) return;
    if ("inFlight" in verdict) inFlight.set(key, verdict.inFlight);
    else findings.push(verdict);
  });
  return { vectors, findings, inFlight };
}

async function judge(
  truth: TruthDeps,
  published: Published,
  { shard, doubtful, settled, withNumbers }: SecondLookOptions,
  key: string,
  there: ReadonlyMap<string, VectorDigest>,
): Promise<Verdict> {
  const extra = [...there.keys()];
  const document = documentModel.ofKey(key);
  if (document === undefined) return extra.length > 0 ? findingOf(key, "unknown", { extra }) : undefined;
  if (!holdsShardKey(shard, documentModel.shardKeyOf(document))) {
    return extra.length > 0 ? findingOf(key, "misplaced", { extra }) : undefined;
  }
  const { expected } = await lookUp(truth, document);
  if (expected === undefined) return extra.length > 0 ? findingOf(key, "unknown", { extra }) : undefined;
  if (expected.kind === "in_flight") return { inFlight: expected.why };
  if (expected.kind === "failed" && !settled) return { inFlight: mayWait };
  if (expected.kind !== "vectors") return findingOf(key, expected.kind, { why: expected.why });
  const differences = await compare(published, expected.vectors, there, withNumbers);
  if (isNone(differences)) return undefined;
  if (textOf(expected) !== doubtful.get(key)) return { inFlight: "it changed during the comparison" };
  if (!settled) return { inFlight: mayWait };
  return findingOf(key, "differs", differences);
}

async function compare(
  published: Published,
  expected: readonly ExpectedVector[],
  there: ReadonlyMap<string, VectorDigest>,
  withNumbers: boolean,
): Promise<Differences> {
  const { missing, extra, stale } = differencesOf(expected.map(digestOf), there);
  const roundedApart = new Set(stale.flatMap(({ id, what }) => (what === "metadata" ? id : [])));
  const metadata = await otherMetadata(
    published,
    expected.filter(({ id }) => roundedApart.has(id)),
  );
  const told = stale.filter(({ id, what }) => what === "document" || metadata.has(id));
  const numbers = withNumbers ? await otherNumbers(published, expected) : new Set<string>();
  for (const { id } of told) numbers.delete(id);
  return {
    missing,
    extra,
    stale: [...told, ...[...numbers].map((id) => ({ id, what: "numbers" as const }))],
  };
}

/** The digests of these documents' vectors, and the number of all vectors. */
async function digestsOf(published: Published, documents: ReadonlyMap<string, unknown>) {
  const there = new Map<string, Map<string, VectorDigest>>();
  let vectors = 0;
  for await (const page of published.pages()) {
    vectors += page.length;
    for (const vector of page) {
      const key = documentModel.keyOfVector(vector.id);
      if (!documents.has(key)) continue;
      const own = there.get(key) ?? new Map<string, VectorDigest>();
      there.set(key, own.set(vector.id, digestOf(vector)));
    }
  }
  return { vectors, there };
}
