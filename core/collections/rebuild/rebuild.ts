import { documentModel } from "../../documents/documents.ts";
import { documentCounts, documentKeys, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { unlessAborted } from "../../resilience/unless-aborted.ts";
import { knownDocuments } from "../../runs/known-documents.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import { generationName } from "../generations/generation-name.ts";
import type { Generations } from "../generations/generations.ts";
import type { Head } from "../generations/head.ts";
import { overlayFigures } from "../generations/overlay-figures.ts";
import { publishOver } from "../generations/publish-over.ts";
import type { Lease } from "../lease/lease.ts";
import { type MergeDeps, mergeDocuments } from "../merge/merge-documents.ts";
import { reconcile } from "../merge/reconcile.ts";
import type { StartedDocument } from "../messages/document-work.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import { nextIndex } from "../segments/next-index.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type Done, openCheckpoint, removeCheckpoints, removeState, writeCheckpoint } from "./checkpoints.ts";
import { NothingRebuiltError, RebuildIncompleteError, RebuildStalledError } from "./rebuild-errors.ts";
import {
  beginRebuild,
  progress,
  type RebuildRecord,
  type RecordTable,
  writeRebuild,
} from "./rebuild-record.ts";
import { readStored, type StoredDeps } from "./stored-documents.ts";

export interface RebuildDeps extends MergeDeps, StoredDeps {
  readonly target: MergeDeps["target"];
  readonly control: RecordTable;
  readonly generations: Generations;
  readonly workspace: Workspace;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signal?: AbortSignal | undefined;
}

export interface RebuildOptions {
  /** Time (of the clock) after which no document is started; the progress is then stored in a checkpoint. */
  readonly until: number;
  /** Whether to publish although some documents are left out, because the published generation is no better. */
  readonly publishesWithout: () => Promise<boolean>;
  /** Called before each step. If it throws, the rebuild fails as it would if the step had failed. */
  readonly onStep: (step: RebuildStep) => void;
  /** @default 100 documents and two minutes */
  readonly documentsPerPage?: number;
  readonly checkpointEveryMs?: number;
}

export const rebuildSteps = [
  "open checkpoint",
  "apply",
  "checkpoint",
  "look again",
  "write",
  "publish",
] as const;
export type RebuildStep = (typeof rebuildSteps)[number];

export type Rebuilt =
  | { readonly state: "unfinished"; readonly id: string; readonly done: number; readonly known: number }
  | {
      readonly state: "published";
      readonly id: string;
      readonly head: Head;
      readonly documents: number;
      readonly vectors: number;
      /** By document key, with the reason. */
      readonly leftOut: ReadonlyMap<string, string>;
    };

/**
 * Rebuilds the shard from the deltas of all current runs, their items and tombstones. Nothing is embedded and no
 * message is sent. Readers keep the published generation until the rebuild is complete. Call it under the lease until
 * it no longer returns `unfinished`: it continues from the last checkpoint, of any process. Throws
 * RebuildIncompleteError, NothingRebuiltError, RebuildStalledError, CollectionDivergedError, PublishConflictError and
 * LeaseLostError.
 */
export async function rebuild(
  deps: RebuildDeps,
  lease: Lease,
  from: Head | undefined,
  options: RebuildOptions,
): Promise<Rebuilt> {
  const record = await beginRebuild(deps.control, deps.shard);
  return new Rebuild(deps, lease, record, options).run(from);
}

/** The digest is unknown, because the facts that were read with the delta are not kept. */
const ofDelta = { deltaKey: null, digest: null };

class Rebuild {
  readonly #deps: RebuildDeps & { readonly checkpoints: Generations };
  readonly #lease: Lease;
  readonly #options: Required<RebuildOptions>;
  #record: RebuildRecord;
  readonly #leftOut = new Map<string, string>();
  #done: Done = new Map();
  #checkpoints = 0;

  constructor(deps: RebuildDeps, lease: Lease, record: RebuildRecord, options: RebuildOptions) {
    this.#deps = { ...deps, checkpoints: deps.generations.checkpoints };
    this.#lease = lease;
    this.#record = record;
    this.#options = { documentsPerPage: 100, checkpointEveryMs: 120_000, ...options };
  }

  async run(from: Head | undefined): Promise<Rebuilt> {
    const { shard, control, workspace, log } = this.#deps;
    this.#step("open checkpoint");
    const opened = await openCheckpoint(this.#deps, this.#record.rebuild_id);
    this.#done = opened.done;
    const earlier = [...this.#done.keys()];
    const known: string[] = [];
    for await (const page of knownDocuments(control, shard)) known.push(...page);
    log.info("Rebuilding from deltas", {
      shard,
      ...documentCounts({ known: known.length, done: earlier.length }),
    });
    const { store, left } = await this.#apply(opened.store, known);
    if (left > 0) {
      await this.#checkpoint(await store.count());
      await this.#tell(known.length);
      await workspace.discard();
      return {
        state: "unfinished",
        id: this.#record.rebuild_id,
        done: this.#done.size,
        known: known.length,
      };
    }
    await this.#lookAgain(store, earlier);
    const runs = Array.from(this.#done, ([key, runId]) => [key, { ...ofDelta, runId }] as const);
    const index = await nextIndex(store, undefined, new Map(runs));
    return this.#publish(from, await store.count(), index);
  }

  /** Applies the remaining documents page by page until the time is up. Resolves to the number that is left. */
  async #apply(
    opened: VectorStore,
    known: readonly string[],
  ): Promise<{ readonly store: VectorStore; readonly left: number }> {
    const { clock } = this.#deps;
    const { until, documentsPerPage, checkpointEveryMs } = this.#options;
    let store = opened;
    let todo = known.filter((key) => !this.#done.has(key)).sort();
    let checkpointAt = clock.now() + checkpointEveryMs;
    while (todo.length > 0) {
      const again: string[] = [];
      for (let first = 0; first < todo.length; first += documentsPerPage) {
        if (clock.now() >= until) return { store, left: todo.length - first + again.length };
        this.#step("apply");
        again.push(...(await this.#applyPage(store, todo.slice(first, first + documentsPerPage), until)));
        await this.#tell(known.length);
        if (clock.now() >= checkpointAt && clock.now() < until) {
          store = await this.#checkpointAndGoOn(await store.count());
          checkpointAt = clock.now() + checkpointEveryMs;
        }
      }
      if (again.length === todo.length && clock.now() < until) {
        throw new RebuildStalledError(this.#deps.shard, again.length);
      }
      todo = again;
    }
    return { store, left: 0 };
  }

  /** Resolves to the documents that could not be fetched. */
  async #applyPage(store: VectorStore, keys: readonly string[], until: number): Promise<string[]> {
    const [done, leftOut] = [this.#done, this.#leftOut];
    const { due, empty, unknown } = await readStored(this.#deps, keys);
    const merged = await unlessAborted(
      () => mergeDocuments(this.#deps, store, due, until, () => this.#lease.assertHeld()),
      this.#deps.signal,
    );
    for (const key of empty) done.set(key, null);
    for (const [key, why] of unknown) leftOut.set(key, why);
    for (const [{ run }, why] of merged.mismatched) leftOut.set(documentModel.keyOf(run), why);
    for (const { run } of merged.runs.keys()) done.set(documentModel.keyOf(run), run.runId);
    return keys.filter((key) => !done.has(key) && !leftOut.has(key));
  }

  /**
   * Between two parts of a rebuild other processes may have held the lease and finished messages that the earlier parts
   * did not see. So everything that went in earlier is compared with the current state.
   */
  async #lookAgain(store: VectorStore, earlier: readonly string[]): Promise<void> {
    const { documentsPerPage } = this.#options;
    const { target } = this.#deps;
    for (let first = 0; first < earlier.length; first += documentsPerPage) {
      this.#step("look again");
      const keys = earlier.slice(first, first + documentsPerPage);
      const { due } = await readStored(this.#deps, keys);
      const same = due.filter(
        ({ document, run }) => this.#done.get(documentModel.keyOf(document)) === run?.run.runId,
      );
      const others = new Set(keys);
      for (const { document } of same) others.delete(documentModel.keyOf(document));
      for (const key of others) this.#done.delete(key);
      await store.delete(await store.idsOf([...others].flatMap((key) => documentModel.ofKey(key) ?? [])));
      const left = await this.#applyPage(store, [...others], Number.POSITIVE_INFINITY);
      if (left.length > 0) throw new RebuildStalledError(this.#deps.shard, left.length);
      await reconcile(store, target.collection, await this.#truthsOf(same));
    }
  }

  async #truthsOf(documents: readonly StartedDocument[]) {
    const { items, target } = this.#deps;
    const truths: Parameters<typeof reconcile>[2][number][] = [];
    await inParallel(documents, 16, async ({ document, current }) => {
      truths.push({ document, current, facts: await items.factsOf(document, target.collection) });
    });
    return truths;
  }

  async #publish(from: Head | undefined, count: number, index: BaseIndex): Promise<Rebuilt> {
    const { shard, control, target, generations, workspace, log, metrics, signal } = this.#deps;
    const [done, leftOut] = [this.#done, this.#leftOut];
    const { model, dimensions } = target;
    const applied = [...done].flatMap(([key, run]) => (run === null ? [] : [key]));
    if (leftOut.size > 0 && applied.length === 0) throw new NothingRebuiltError(shard, leftOut);
    if (leftOut.size > 0 && !(await this.#options.publishesWithout()))
      throw new RebuildIncompleteError(shard, leftOut);

    this.#step("write");
    await workspace.close();
    await removeState(this.#deps);
    const documents = [...done.keys(), ...leftOut.keys()].flatMap((key) => documentModel.ofKey(key) ?? []);
    const head = await publishOver({ shard, control, signal }, this.#lease, from, async (now) => {
      const generation = (now?.generation ?? 0) + 1;
      const name = generationName(generation, this.#lease.token);
      const base = now?.name ?? null;
      const made = { name, base, rebuilt: true as const, model, dimensions, count, documents, index };
      await unlessAborted(() => generations.write(workspace.folder, made), signal);
      this.#step("publish");
      const layers = { database: name, databaseCount: count, index, overlay: new Map(), segments: [] };
      return { generation, name, base, overlay: overlayFigures(layers, undefined) };
    });
    const { generation, name } = head;
    workspace.keep(name);
    await this.#tell(done.size + leftOut.size, { state: "PUBLISHED", generation: name });
    await removeCheckpoints(this.#deps);

    metrics.count("GenerationsRebuilt", 1);
    metrics.count("ReceiptsLeftOut", leftOut.size);
    log.info("Collection rebuilt from deltas", {
      shard,
      generation,
      generation_name: name,
      ...documentCounts({ known: applied.length, leftOut: leftOut.size }),
      vectors: count,
    });
    for (const [document, reason] of [...leftOut].slice(0, 20)) {
      log.error(`A ${documentModel.noun} was left out of the rebuild: run \`npm run verify -- --repair\``, {
        shard,
        ...documentKeys([document]),
        reason,
      });
    }
    const id = this.#record.rebuild_id;
    return { state: "published", id, head, documents: applied.length, vectors: count, leftOut };
  }

  async #checkpointAndGoOn(count: number): Promise<VectorStore> {
    await this.#checkpoint(count);
    return this.#deps.workspace.reopen();
  }

  async #checkpoint(count: number): Promise<void> {
    this.#step("checkpoint");
    this.#checkpoints += 1;
    const { token } = this.#lease;
    const { rebuild_id } = this.#record;
    await writeCheckpoint(this.#deps, rebuild_id, this.#done, { token, number: this.#checkpoints, count });
  }

  async #tell(known: number, changed: Partial<RebuildRecord> = {}): Promise<void> {
    this.#record = {
      ...this.#record,
      ...progress({ done: this.#done.size, known, leftOut: this.#leftOut.size }),
      ...changed,
    };
    await writeRebuild(this.#deps.control, this.#deps.shard, this.#record);
  }

  /** Runs before every step. Throws if the lease is lost. */
  #step(step: RebuildStep): void {
    this.#options.onStep(step);
    this.#lease.assertHeld();
  }
}
