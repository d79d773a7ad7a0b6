import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { DeltaFile, DeltaFiles } from "../deltas/delta-files.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { type CurrentRun, stoppedAt } from "../runs/current-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import { DeltaWalk } from "./delta-walk.ts";
import type { SweepConfig } from "./sweep-config.ts";
import { SweepIncompleteError } from "./sweep-errors.ts";

const documentsAtOnce = 16;
/** A page has about a thousand objects. */
const pagesPerSweep = 20;
const walkEveryMs = 24 * 3_600_000;

export interface DeltaSweep {
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: Pick<RunStore, "current" | "moveCurrent">;
  readonly files: Pick<DeltaFiles, "page" | "remove">;
  /** Whether a kept generation names the delta. */
  readonly isNamed: (file: DeltaFile) => Promise<boolean>;
  readonly config: Pick<SweepConfig, "retentionMs" | "claimMs">;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Continues the walk over all deltas and removes those of runs that were superseded long ago (F6). Ends after some
 * pages, or at `until` (epoch milliseconds). Throws SweepIncompleteError.
 */
export async function sweepDeltas(parts: DeltaSweep, until: number): Promise<void> {
  const { control, config, now, files, log, metrics } = parts;
  const walk = await DeltaWalk.take({ ...control, claimMs: config.claimMs, everyMs: walkEveryMs, now });
  if (walk === undefined) return;
  const failures: string[] = [];
  let [removed, seen, after] = [0, 0, walk.after];
  for (let pages = 0; pages < pagesPerSweep && now() < until; pages += 1) {
    const page = await files.page(after);
    await inParallel(byDocument(oldOf(page.files, parts)), documentsAtOnce, async (ofDocument) => {
      try {
        removed += await removeExpired(parts, ofDocument);
      } catch (error) {
        if (error instanceof ItemUnreadableError) {
          // The current run is unknown, so the deltas are kept. Verify reports the document.
          log.warn(`The deltas of a ${documentModel.noun} are kept because its items cannot be read`, {
            ...documentModel.toStored(documentOf(ofDocument)),
            ...errorFields(error),
          });
          return;
        }
        failures.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      }
    });
    seen += page.files.length;
    after = page.next;
    if (!(await walk.reach(after)) || after === undefined) break;
  }
  await walk.leave();
  metrics.count("DeltasRemoved", removed);
  log.info("Deltas swept", { seen, removed, reached: after ?? "the end" });
  if (failures.length > 0) throw new SweepIncompleteError("deltas", failures);
}

/** Whether no message can name the delta any more. Without a CURRENT item it is kept. */
export function isExpired(
  file: DeltaFile,
  current: CurrentRun | undefined,
  { config, now }: Pick<DeltaSweep, "config" | "now">,
): boolean {
  if (current === undefined) return false;
  const stopped = stoppedAt(current, file.runId);
  // The storage time protects the young delta of a run that has not become current yet.
  return stopped !== undefined && Math.max(stopped, file.storedAt) < now() - config.retentionMs;
}

/** The deltas that are old enough for their document to be checked. */
function oldOf(files: readonly DeltaFile[], { config, now }: DeltaSweep): DeltaFile[] {
  return files.filter(({ storedAt }) => storedAt < now() - config.retentionMs);
}

function byDocument(files: readonly DeltaFile[]): Iterable<readonly DeltaFile[]> {
  return Map.groupBy(files, documentModel.keyOf).values();
}

/**
 * Marks runs as expiring in CURRENT before their deltas are removed, and only while none of them is current. Embed
 * reuses existing deltas, and must not make a run current whose delta is being removed (F1).
 */
async function removeExpired(parts: DeltaSweep, files: readonly DeltaFile[]): Promise<number> {
  const { runs, now, log } = parts;
  const document = documentOf(files);
  for (;;) {
    const current = await runs.current(document);
    const expired = files.filter((file) => isExpired(file, current, parts));
    if (current === undefined || expired.length === 0) return 0;
    const expiring = new Map(expired.map(({ runId }) => [runId, now()]));
    if ((await runs.moveCurrent(document, current, { ...current, expiring })) === "refused") continue;
    // A publish records the deltas that it names before it reads CURRENT, so at least one of the two sees what the
    // other has written.
    const removable = await unnamed(parts, expired);
    if (removable.length > 0) await parts.files.remove(removable);
    await forgetExpiring(parts, document);
    if (removable.length === 0) return 0;
    log.info("Deltas of superseded runs were removed", {
      ...documentModel.toStored(document),
      keys: removable.map(({ key }) => key),
    });
    return removable.length;
  }
}

/** A kept generation can be opened and restored only as long as every delta that it names exists. */
async function unnamed({ isNamed }: DeltaSweep, files: readonly DeltaFile[]): Promise<DeltaFile[]> {
  const removable: DeltaFile[] = [];
  for (const file of files) if (!(await isNamed(file))) removable.push(file);
  return removable;
}

async function forgetExpiring({ runs }: DeltaSweep, document: DocumentRef): Promise<void> {
  for (;;) {
    const current = await runs.current(document);
    if (current === undefined || current.expiring.size === 0) return;
    if ((await runs.moveCurrent(document, current, { ...current, expiring: new Map() })) === "moved") return;
  }
}

function documentOf([file]: readonly DeltaFile[]): DocumentRef {
  if (file === undefined) throw new RangeError("A group has at least one member.");
  return documentModel.refOf(file);
}
