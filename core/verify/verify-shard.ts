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
  /** Whether the numbers of the vectors are compared too. */
  readonly numbers: boolean;
  /** What `next` of the report before said; undefined to begin. */
  readonly after?: string | undefined;
  /** The minimum time for which a difference must persist. */
  readonly settleMs: number;
  /** A moment of the clock by which it must be done. */
  readonly deadline: number;
}

/** The differences of the first look could not be checked again, so they may be changes in flight. */
export class TimeTooShortError extends VectorkeepError {
  constructor(shard: ShardName) {
    super(
      `The time limit is too short to look twice at a part of ${shard}.`,
      "Verify again when the system is less busy; if it goes on, split the collections by compaction:collectionShards.",
    );
  }
}

interface Seen<Look> {
  readonly head: Head | undefined;
  readonly look: Look;
}

/** A backlog that lasts longer would not end within a longer wait either. */
const maxWaitMs = 5 * 60_000;
/** The second look may take longer than the first: what is doubtful is read vector by vector. */
const secondLookTakes = 1.5;
/** Share of the time of both looks. The rest is reserved for a page of documents that takes longer than expected. */
const planned = 0.9;
const findingsLogged = 20;

/**
 * Compares the published generation of a shard with what the tables and the deltas say, whatever is published or
 * changed meanwhile: what does not fit at the first look is looked at again when changes have had their turn. Where the
 * time is not enough for all documents, the report says after which to go on. Reads only. Throws TimeTooShortError, and
 * GenerationCorruptError or CollectionOfOtherModelError where there is nothing to compare.
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

/** The log of a scheduled verify is all that there is of it. */
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

/** A finding may also name a vector that belongs to no document. */
function fieldsOf(name: string) {
  const document = documentModel.ofKey(name);
  return document ? documentModel.toStored(document) : documentKeys([name]);
}
