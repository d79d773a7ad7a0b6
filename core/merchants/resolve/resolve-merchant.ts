import { decodeDelta } from "../../deltas/codec.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { deltaKey } from "../../deltas/keys.ts";
import type { PublishedRun } from "../../entities/published-run.ts";
import type { Metrics } from "../../metrics.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { Candidate } from "../candidate.ts";
import { decide } from "../decide.ts";
import { similarCandidates } from "../neighbours.ts";
import { askPlaces, type PlacesDeps } from "../places/ask-places.ts";
import { receiptWords } from "../receipt-words.ts";
import type { SimilarReceipts } from "../similar/similar-receipts.ts";
import type { MerchantStore } from "./merchant-store.ts";
import { rowsOfDelta } from "./receipt-rows.ts";

export interface ResolveDeps {
  readonly runs: Pick<RunStore, "current" | "find">;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly store: MerchantStore;
  /** Undefined in a stack without a search API. */
  readonly similar: Pick<SimilarReceipts, "near"> | undefined;
  /** Undefined in a stack without a key for Google Places. */
  readonly places: Omit<PlacesDeps, "onPaid"> | undefined;
  /** The minimum confidence at which a merchant is written. */
  readonly threshold: number;
  readonly metrics: Metrics;
}

/** `known`: a merchant is already written. `superseded`: a later run is current, and its own message follows. */
export type ResolvedAs = "known" | "superseded" | "resolved" | "proposed" | "none";

/**
 * Finds the merchant of a published receipt: from similar receipts, then from places, which cost money. Idempotent: a
 * merchant is only written if there is none, a proposal replaces the previous one, and each directory query is paid for
 * once.
 */
export async function resolveMerchant(message: PublishedRun, deps: ResolveDeps): Promise<ResolvedAs> {
  const { runs, deltas, store, metrics, threshold } = deps;
  const receipt = { imageId: message.image_id, receiptId: message.receipt_id };
  if (await store.isKnown(receipt)) {
    await store.forget(receipt);
    return "known";
  }
  const current = await runs.current(receipt);
  if (current?.state !== "ACTIVE" || current.runId !== message.run_id) return "superseded";
  const run = await runs.find({ ...receipt, runId: message.run_id });
  const bytes = run && (await deltas.get(deltaKey(run.halves.lines.deltaPrefix)));
  if (bytes === undefined) return "superseded";
  const rows = rowsOfDelta(decodeDelta(bytes));
  const words = receiptWords(rows, await store.extractedOf(receipt));

  const isEnough = (some: readonly Candidate[]) => decide(some, threshold).kind === "resolved";
  const neighbours = (await deps.similar?.near(words, `${receipt.imageId}/${receipt.receiptId}`)) ?? [];
  const similar = similarCandidates(words, neighbours);
  const onPaid = () => metrics.count("PlacesPaid", 1);
  const places =
    deps.places && !isEnough(similar)
      ? await askPlaces(words, { ...deps.places, onPaid }, (some) => isEnough([...similar, ...some]))
      : [];
  const decision = decide([...similar, ...places], threshold);
  if (decision.kind === "none") {
    await store.forget(receipt);
    metrics.count("MerchantsUnknown", 1);
    return "none";
  }
  const found = { candidate: decision.best, confidence: decision.confidence, runId: message.run_id };
  if (decision.kind === "proposed") {
    await store.propose(receipt, found);
    metrics.count("MerchantsProposed", 1);
    return "proposed";
  }
  if (!(await store.resolve(receipt, found))) return "known";
  metrics.count("MerchantsResolved", 1);
  return "resolved";
}
