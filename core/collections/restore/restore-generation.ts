import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ShardName } from "../../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { documentCounts } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { generationHistory, type PastGeneration } from "../generations/generation-history.ts";
import { generationName } from "../generations/generation-name.ts";
import { GenerationCorruptError } from "../generations/generation-reader.ts";
import type { Generations } from "../generations/generations.ts";
import { type Head, type HeadOverlay, readHead } from "../generations/head.ts";
import { databaseFolder, documentsOf, type Manifest } from "../generations/manifest.ts";
import { CollectionOfOtherModelError } from "../generations/other-model-error.ts";
import { overlayFigures } from "../generations/overlay-figures.ts";
import { publishOver } from "../generations/publish-over.ts";
import type { Lease } from "../lease/lease.ts";
import { type LeaseDeps, underLease } from "../lease/under-lease.ts";

/** There is no such generation to restore. */
export class GenerationNotRestorableError extends InputError {
  constructor(shard: ShardName, generation: number, why: string) {
    super(
      `Generation ${generation} of ${shard} cannot be restored: ${why}.`,
      "`npm run generations` lists those that can be.",
    );
  }
}

export interface RestoreDeps extends LeaseDeps {
  /** The configured model and dimensions, which must match the restored generation because later cycles add to it. */
  readonly model: string;
  readonly dimensions: number;
  readonly generations: Generations;
  /** Makes both collections rebuild a document's vectors. `time` distinguishes calls. */
  readonly redrive: (document: DocumentRef, time: string) => Promise<void>;
  /** Called before each step. If it throws, the restore fails as it would if the step had failed. */
  readonly onStep: (step: RestoreStep) => void;
}

export const restoreSteps = [
  "lease",
  "write generation",
  "redrive documents",
  "move head",
  "release",
] as const;
export type RestoreStep = (typeof restoreSteps)[number];

export interface Restored {
  /** The new head, and the older generation whose content it has. */
  readonly head: Head;
  readonly content: string;
  /** Documents that newer generations had updated; the next cycles update them again. */
  readonly documents: readonly DocumentRef[];
  /** Newer generations without a readable list of the documents that they changed. */
  readonly silent: readonly string[];
}

const documentsAtOnce = 16;

/**
 * Publishes the content of an older generation as the next one, under the lease and with the same condition as a cycle.
 * It also holds the fold lease, taken first as a fold's repair does, so that no fold collects the generation as
 * garbage. Every document that is newer than the restored content is redriven before the head moves, so a crash leaves
 * either nothing restored and redriven documents that are found current, or everything restored. No cycle can process
 * them earlier, because it needs the lease. `maxWaitMs` is the maximum wait for each lease. Throws
 * GenerationNotRestorableError, GenerationCorruptError, CollectionOfOtherModelError, CollectionBusyError,
 * LeaseLostError and PublishConflictError.
 */
export async function restoreGeneration(
  deps: RestoreDeps,
  generation: number,
  maxWaitMs: number,
): Promise<Restored> {
  deps.onStep("lease");
  return underLease(
    deps,
    maxWaitMs,
    () => underLease(deps, maxWaitMs, (lease) => restoreUnder(lease, deps, generation)),
    "fold",
  );
}

async function restoreUnder(lease: Lease, deps: RestoreDeps, generation: number): Promise<Restored> {
  const { shard, control, generations, log } = deps;
  const step = (name: RestoreStep) => {
    deps.onStep(name);
    lease.assertHeld();
  };
  const head = await readHead(control.client, control.controlTable, shard);
  if (head === undefined) throw new GenerationNotRestorableError(shard, generation, "nothing is published");
  const { target, newer } = find(deps, generation, await generationHistory(generations, head));
  const documents = changedIn(newer);
  const time = new Date().toISOString();
  const moved = await publishOver({ shard, control }, lease, head, async (now) => {
    const from = now ?? head;
    const generation = from.generation + 1;
    const next = { generation, name: generationName(generation, lease.token), base: from.name };
    step("write generation");
    await writeAgain(generations, target, { ...next, documents });
    step("redrive documents");
    await inParallel(documents, documentsAtOnce, (document) => deps.redrive(document, time));
    step("move head");
    return { ...next, overlay: await figuresOf(generations, target.manifest, next.name) };
  });
  const silent = newer.filter(({ manifest }) => manifest === undefined).map(({ name }) => name);
  log.info("Generation restored", {
    shard,
    generation: moved.generation,
    generation_name: moved.name,
    content_generation: target.name,
    ...documentCounts({ known: documents.length }),
    unreadable_generations: silent,
  });
  step("release");
  return { head: moved, content: target.name, documents, silent };
}

interface Found {
  readonly target: { readonly name: string; readonly manifest: Manifest };
  /** The generations published after it. */
  readonly newer: readonly PastGeneration[];
}

function find(
  { shard, generations, model, dimensions }: RestoreDeps,
  generation: number,
  history: readonly PastGeneration[],
): Found {
  const position = history.findIndex((past) => past.generation === generation);
  if (position === 0) throw new GenerationNotRestorableError(shard, generation, "it is the published one");
  const past = history[position];
  if (past === undefined) {
    const kept = history.slice(1).map((one) => one.generation);
    const others =
      kept.length === 0 ? "no older one is kept" : `older ones that are kept: ${kept.join(", ")}`;
    throw new GenerationNotRestorableError(shard, generation, others);
  }
  const { name, manifest } = past;
  if (manifest === undefined) {
    throw new GenerationCorruptError(generations.pathOf(name), "its manifest cannot be read");
  }
  if (manifest.model !== model || manifest.dimensions !== dimensions) {
    throw new CollectionOfOtherModelError(
      shard,
      `${manifest.model} with ${manifest.dimensions} dimensions`,
      `${model} with ${dimensions}`,
    );
  }
  return { target: { name, manifest }, newer: history.slice(0, position) };
}

/** Each document once, whether or not it still exists. */
function changedIn(newer: readonly PastGeneration[]): DocumentRef[] {
  const documents = new Map<string, DocumentRef>();
  for (const document of newer.flatMap(({ manifest }) => (manifest ? documentsOf(manifest) : []))) {
    documents.set(documentModel.keyOf(document), document);
  }
  return [...documents.values()];
}

/** Writes the generation again under a new name. All bytes are read once and must match the old manifest. */
async function writeAgain(
  generations: Generations,
  { name: restored, manifest }: Found["target"],
  { name, base, documents }: { name: string; base: string; documents: readonly DocumentRef[] },
): Promise<void> {
  const { model, dimensions, count, database, segments } = manifest;
  const folder = generations.pathOf(restored);
  if (database !== restored || segments.length > 0) {
    if (!(await generations.isSound(restored))) {
      throw new GenerationCorruptError(
        folder,
        "its database or one of its segments does not match the manifests",
      );
    }
    const databaseCount = manifest.database_count;
    const above = { database, databaseCount, segments };
    await generations.writeOverlay({ name, base, restored, model, dimensions, count, documents, ...above });
    return;
  }
  const index = await generations.indexOf(manifest);
  await generations
    .write(join(folder, databaseFolder), { name, base, restored, model, dimensions, count, documents, index })
    .catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") throw cause;
      throw new GenerationCorruptError(folder, cause.message, { cause });
    });
  const written = await generations.manifest(name);
  if (isDeepStrictEqual(written.files, manifest.files)) return;
  await generations.remove(name);
  throw new GenerationCorruptError(folder, "its files are not those that its manifest lists");
}

/** Resolves to undefined if the base was written before index files existed; the next publish then requests a fold. */
async function figuresOf(
  generations: Generations,
  manifest: Manifest,
  name: string,
): Promise<HeadOverlay | undefined> {
  const { database, database_count: databaseCount, segments } = manifest;
  const [index, overlay] = await Promise.all([
    generations.indexOf(manifest),
    generations.overlayOf(manifest),
  ]);
  if (index === undefined) return undefined;
  const isOwn = database === manifest.name && segments.length === 0;
  return overlayFigures(
    { database: isOwn ? name : database, databaseCount, index, overlay, segments },
    undefined,
  );
}
