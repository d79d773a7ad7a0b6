import type { ShardName } from "../../contract/collections.ts";
import type { Head } from "../collections/generations/head.ts";
import { documentModel } from "../documents/documents.ts";
import { documentCounts, documentKeys, type Log } from "../log.ts";
import type { Clock } from "../resilience/clock.ts";
import { knownDocuments } from "../runs/known-documents.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import type { TruthDeps } from "./expected.ts";
import { type FirstLook, lookAtDocuments } from "./first-look.ts";
import { headOf, type PublishedDeps, readHeadGeneration } from "./published.ts";
import { countOfDocuments, documentCountOf, keyOfFinding, maxWaiting, type ShardReport } from "./report.ts";
import { lookAgain, type SecondLook } from "./second-look.ts";
import { type Backlog, untilSettled } from "./settle.ts";

export interface VerifyDeps extends TruthDeps, PublishedDeps {
  readonly target: TruthDeps["target"];
  readonly backlog: () => Promise<Backlog>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface VerifyOptions {
  /** Whether to compare the numbers of the vectors too. */
  readonly numbers: boolean;
  /** The value of `next` in the previous report; undefined to begin. */
  readonly after?: string | undefined;
  /** Minimum time for which a difference must persist. */
  readonly settleMs: number;
  /** Time (of the clock) by which the call must end. */
  readonly deadline: number;
}

/** There was no time to check the differences of the first look again, so they may be changes in flight. */
export class TimeTooShortError extends VectorkeepError {
  constructor(shard: ShardName) {
    super(
      `The time limit is too short to compare a part of ${shard} twice.`,
      "Verify again when the system is less busy. If it persists, split the collections by compaction:collectionShards.",
    );
  }
}

interface Seen<Look> {
  readonly head: Head | undefined;
  readonly look: Look;
}

/** A backlog that lasts longer than this is unlikely to end within any wait. */
const maxWaitMs = 5 * 60_000;
/** Time of the second look relative to the first; it is slower because it reads doubtful documents vector by vector. */
const secondLookTakes = 1.5;
/** Share of the time that is used. The rest is reserved for a page of documents that takes longer than expected. */
const planned = 0.9;
const findingsLogged = 20;

/**
 * Compares the published generation of a shard with the tables and deltas while the system runs: differences of the
 * first look are checked again after changes in flight have been processed. If time runs out, the report names the
 * document to continue after. Only reads. Throws TimeTooShortError, GenerationCorruptError and
 * CollectionOfOtherModelError.
 */
export async function verifyShard(deps: VerifyDeps, options: VerifyOptions): Promise<ShardReport> {
  const { clock, log, shard } = deps;
  const { numbers, after, settleMs, deadline } = options;
  const began = clock.now();
  const firstLookEnds = began + (planned * (deadline - began - settleMs)) / (1 + secondLookTakes);
  const first = await readHeadGeneration(deps, async (published, head) => ({
    head,
    look: await lookAtDocuments(deps, knownDocuments(deps.control, shard), published, {
      shard,
      withNumbers: numbers,
      after,
      hasTime: () => clock.now() < firstLookEnds,
    }),
  }));
  const tookMs = clock.now() - began;
  log.info("First look done", {
    shard,
    ...documentCounts({ known: first.look.documents }),
    vectors: first.look.vectors,
    doubtful: first.look.doubtful.size,
    duration_ms: Math.round(tookMs),
  });
  const second = await secondLook(deps, options, first, tookMs);
  const report = reportOf(deps, options, first, second, (clock.now() - began) / 1000);
  logReport(log, report);
  return report;
}

async function secondLook(
  deps: VerifyDeps,
  { numbers, settleMs, deadline }: VerifyOptions,
  { head, look: { doubtful, vectors } }: Seen<FirstLook>,
  firstTookMs: number,
): Promise<Seen<SecondLook>> {
  if (doubtful.size === 0) return { head, look: { vectors, findings: [], inFlight: new Map() } };
  const { clock, shard, backlog } = deps;
  const generation = async () => (await headOf(deps))?.generation ?? 0;
  const lookBy = deadline - secondLookTakes * firstTookMs;
  if (clock.now() + settleMs > lookBy) throw new TimeTooShortError(shard);
  const until = Math.min(clock.now() + settleMs + maxWaitMs, lookBy);
  const settled = await untilSettled({ clock, backlog, generation }, settleMs, until);
  return readHeadGeneration(deps, async (published, newest) => ({
    head: newest,
    look: await lookAgain(deps, published, { shard, doubtful, settled, withNumbers: numbers }),
  }));
}

function reportOf(
  { shard, target }: VerifyDeps,
  { numbers }: VerifyOptions,
  { look: { documents, inFlight, next } }: Seen<FirstLook>,
  { head, look }: Seen<SecondLook>,
  seconds: number,
): ShardReport {
  const findings = [...look.findings].sort((one, other) =>
    keyOfFinding(one) < keyOfFinding(other) ? -1 : 1,
  );
  const sum = (counted: "missing" | "extra" | "stale", isUnknown = false) =>
    findings
      .filter(({ fault }) => (fault === "unknown") === isUnknown)
      .reduce((total, finding) => total + finding[counted], 0);
  const documentsWith = (fault: string) => findings.filter((finding) => finding.fault === fault).length;
  const waiting = [...inFlight, ...look.inFlight].map(([document, why]) => `${document}: ${why}`);
  return {
    shard,
    generation: head?.name ?? null,
    numbers,
    model: target.model,
    dimensions: target.dimensions,
    ...countOfDocuments(documents),
    vectors: look.vectors,
    missing: sum("missing"),
    extra: sum("extra"),
    stale: sum("stale"),
    unknown: sum("extra", true),
    without_run: documentsWith("without_run"),
    without_delta: documentsWith("without_delta"),
    failed: documentsWith("failed"),
    on_their_way: waiting.length,
    waiting: waiting.sort().slice(0, maxWaiting),
    faulty: findings.length,
    findings,
    next: next ?? null,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** Logs the whole result, because a scheduled verify leaves no other trace. */
function logReport(log: Log, report: ShardReport): void {
  const { shard, generation, findings, seconds } = report;
  log.info("Shard verified", {
    shard,
    generation_name: generation,
    ...documentCounts({ known: documentCountOf(report) }),
    vectors: report.vectors,
    missing: report.missing,
    extra: report.extra,
    stale: report.stale,
    unknown: report.unknown,
    without_run: report.without_run,
    without_delta: report.without_delta,
    failed: report.failed,
    in_flight: report.on_their_way,
    faulty: report.faulty,
    ...(report.next !== null && { reached: report.next }),
    duration_ms: Math.round(1_000 * seconds),
  });
  for (const found of findings.slice(0, findingsLogged)) {
    const { fault, missing, extra, stale, why, vectors } = found;
    log.warn(`A ${documentModel.noun} differs from its collection`, {
      shard,
      ...fieldsOf(keyOfFinding(found)),
      fault,
      missing,
      extra,
      stale,
      ...(why !== undefined && { reason: why }),
      examples: vectors,
    });
  }
}

/** The finding may name a vector that belongs to no document. */
function fieldsOf(name: string) {
  const document = documentModel.ofKey(name);
  return document ? documentModel.toStored(document) : documentKeys([name]);
}
