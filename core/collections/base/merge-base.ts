import type { DocumentRef } from "../../documents/documents.ts";
import { documentModel } from "../../documents/documents.ts";
import { errorFields } from "../../log.ts";
import { unlessAborted } from "../../resilience/unless-aborted.ts";
import type { CycleDeps } from "../cycle/cycle-deps.ts";
import { CycleAbandonedError } from "../cycle/cycle-stop.ts";
import { LeaseLostError } from "../lease/lease.ts";
import { mergeDocuments } from "../merge/merge-documents.ts";
import type { StartedDocument } from "../messages/document-work.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { BaseStart } from "./base-start.ts";
import { isolate } from "./isolate.ts";
import { openUnlessAborted } from "./open-unless-aborted.ts";
import { type MergedBase, ownOf, withOverlay } from "./overlay-work.ts";

/** A document that is alone in its cycle is blamed only on its third delivery: one failure may be transient. */
const receivesBeforeBlame = 3;
const diskErrors = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "EMFILE"];

export interface MergeBaseDeps
  extends Pick<CycleDeps, "shard" | "target" | "deltas" | "items" | "clock" | "log" | "signal"> {
  readonly workspace: Workspace;
  /** Called before the written vectors are read back. */
  readonly onVerify: () => void;
  /** Called with each document that cannot be merged, and the reason. */
  readonly onLeftOut: (document: DocumentRef, reason: unknown) => Promise<void>;
}

/**
 * Merges the segments above the base, and the cycle's documents, into the opened database. Documents that make the
 * merge fail are found by bisection and left out. Starts nothing new after the time `until`.
 */
export async function mergeBase(
  deps: MergeBaseDeps,
  start: BaseStart,
  documents: readonly StartedDocument[],
  until: number,
): Promise<MergedBase> {
  const { shard, workspace, clock, log, signal, onVerify, onLeftOut } = deps;
  const work = withOverlay(start.overlay, documents, deps.items);
  let store: BaseStart["store"] | undefined = start.store;
  const { outcome, poisonMessages } = await isolate(work.items, {
    attempt: async (some) => {
      const attempted = store ?? (await openUnlessAborted(workspace, start.database, signal));
      store = undefined;
      const mergeDeps = { ...deps, items: work.facts };
      const merged = await unlessAborted(
        () => mergeDocuments(mergeDeps, attempted, some, until, onVerify),
        signal,
      );
      return { merged, store: attempted };
    },
    isSharedError: (failure) =>
      failure instanceof LeaseLostError || failure instanceof CycleAbandonedError || isOfTheDisk(failure),
    mayGoOn: () => clock.now() < until,
    canBisect: (item) => work.isUntouched(item) || receivesOf(item) >= receivesBeforeBlame,
  });
  const failures = [
    ...Array.from(outcome.merged.mismatched, ([{ run }, reason]) => [run, reason] as const),
    ...Array.from(poisonMessages, ([{ document }, reason]) => [document, reason] as const),
  ];
  for (const [document, reason] of failures) {
    log.error(`A ${documentModel.noun} cannot be merged into the base and is left out`, {
      shard,
      ...documentModel.toStored(document),
      ...errorFields(reason),
    });
    await onLeftOut(document, reason);
  }
  return { ...ownOf(work, documents, outcome.merged, start.overlay), store: outcome.store };
}

function isOfTheDisk(failure: unknown): boolean {
  return failure instanceof Error && diskErrors.includes((failure as NodeJS.ErrnoException).code ?? "");
}

function receivesOf({ run, changeMessages }: StartedDocument): number {
  return Math.max(0, ...[...(run?.messages ?? []), ...changeMessages].map(({ receives }) => receives));
}
