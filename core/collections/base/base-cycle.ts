import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { documentCounts, errorFields } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { redriveDocument } from "../../runs/redrive-document.ts";
import { ItemUnreadableError } from "../../unreadable-item.ts";
import type { BaseWork, BaseWriter, WrittenBase } from "../cycle/cycle-deps.ts";
import { documentsLogged, reportMerged, reportPublished } from "../cycle/report-published.ts";
import { generationName } from "../generations/generation-name.ts";
import type { Head } from "../generations/head.ts";
import { overlayFigures } from "../generations/overlay-figures.ts";
import { publishOver } from "../generations/publish-over.ts";
import { rebuild } from "../rebuild/rebuild.ts";
import { nextIndex } from "../segments/next-index.ts";
import { countOver, overlayOf } from "../segments/overlay.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type BaseStart, openBaseStart } from "./base-start.ts";
import { mergeBase } from "./merge-base.ts";
import { openUnlessAborted } from "./open-unless-aborted.ts";
import { type MergedBase, settledStates } from "./overlay-work.ts";

const redrivesAtOnce = 16;

/** Writes bases on a local copy of the previous base, opened with a Chroma server. */
export function baseWriter(workspace: Workspace): BaseWriter {
  return { workspace, write: (work) => new BaseCycle(work).run() };
}

/**
 * The part of a cycle that writes the next base and publishes it together with the changes of the cycle's documents.
 */
class BaseCycle {
  readonly #work: BaseWork;
  readonly #workspace: Workspace;
  #head: Head | undefined;
  #bytesWritten = 0;
  #hasWritten = false;

  constructor(work: BaseWork) {
    this.#work = work;
    this.#workspace = work.workspace;
    this.#head = work.head;
  }

  /** Publishes nothing if the head already contains all of it. */
  async run(): Promise<WrittenBase> {
    const { deps, step, documents } = this.#work;
    step("materialise");
    const openDeps = { ...deps, workspace: this.#workspace };
    const start = (await openBaseStart(openDeps, this.#head)) ?? (await this.#rebuiltStart());
    if (start === undefined) return this.#outcome({ isRebuilding: true });
    const head = this.#head;
    step("apply");
    const merged = await this.#merge(start);
    const { written, updated, removed, count: vectors } = merged;
    const isHead = start.name === head?.name && !start.isOnlyCopy;
    const isBase = start.overlay.size === 0 && start.index !== undefined;
    const isEmpty = head === undefined && documents.length === 0;
    if (!isEmpty && (written + updated + removed > 0 || !isHead || !isBase)) {
      await this.#publish(head, start, merged);
    } else {
      await this.#workspace.close();
      if (start.database !== undefined) this.#workspace.keep(start.database);
    }
    reportMerged(deps, merged, { written, updated, removed, vectors });
    return this.#outcome({ done: merged });
  }

  #outcome(outcome: Pick<WrittenBase, "done" | "isRebuilding">): WrittenBase {
    return {
      head: this.#head,
      bytesWritten: this.#bytesWritten,
      hasWrittenBase: this.#hasWritten,
      ...outcome,
    };
  }

  /**
   * Rebuilds the shard from its deltas when no generation is sound, and publishes it; the cycle's messages are merged
   * on top. Resolves to undefined if time runs out first: all messages are redelivered, and their cycle continues from
   * the checkpoint.
   */
  async #rebuiltStart(): Promise<BaseStart | undefined> {
    const { deps, lease, until, step } = this.#work;
    const { shard, generations, log } = deps;
    const workspace = this.#workspace;
    step("rebuild");
    const rebuilt = await rebuild({ ...deps, workspace }, lease, this.#head, {
      until,
      publishesWithout: async () => true,
      onStep: (rebuilding) => {
        deps.onStep(`rebuild: ${rebuilding}`);
        deps.signal?.throwIfAborted();
      },
    });
    if (rebuilt.state === "unfinished") {
      const { done, known } = rebuilt;
      log.info("The rebuild continues in the next cycle", { shard, ...documentCounts({ done, known }) });
      return undefined;
    }
    this.#head = rebuilt.head;
    step("materialise");
    const { name } = rebuilt.head;
    const index = await generations.indexOf(await generations.manifest(name));
    const store = await openUnlessAborted(workspace, name, deps.signal);
    return { store, name, database: name, overlay: new Map(), index, lost: [], isOnlyCopy: false };
  }

  #merge(start: BaseStart): Promise<MergedBase> {
    const { deps, documents, failed, until, step } = this.#work;
    const own = new Map(documents.map((one) => [documentModel.keyOf(one.document), one]));
    const mergeDeps = {
      ...deps,
      workspace: this.#workspace,
      onVerify: () => step("verify"),
      onLeftOut: async (document: DocumentRef, reason: unknown) => {
        const one = own.get(documentModel.keyOf(document));
        if (one) await failed.ofDocument(one, String(reason));
      },
    };
    return mergeBase(mergeDeps, start, documents, until);
  }

  async #publish(from: Head | undefined, start: BaseStart, merged: MergedBase): Promise<void> {
    const { deps, lease, step } = this.#work;
    const { target, generations } = deps;
    const workspace = this.#workspace;
    const { model, dimensions, collection } = target;
    const index = await nextIndex(merged.store, start.index, settledStates(collection, merged, start.index));
    await workspace.close();
    await this.#redriveLost(start.lost);
    const { count: databaseCount, carried, documents } = merged;
    const overlay = overlayOf([carried]);
    const count = countOver({ count: databaseCount, index }, overlay);
    const head = await publishOver(deps, lease, from, async (now) => {
      step("write generation");
      const generation = (now?.generation ?? 0) + 1;
      const name = generationName(generation, lease.token);
      // If a fold moved the head in the meantime, the predecessor is still the generation that the fold started from.
      const base = now === from ? (start.name ?? null) : (now?.name ?? null);
      const segments = carried.length > 0 ? [await generations.segments.write(name, carried)] : [];
      const made = { name, base, model, dimensions, count, databaseCount, documents, index, segments };
      const { bytesWritten, mismatched } = await generations.write(workspace.folder, made);
      this.#bytesWritten += bytesWritten;
      this.#hasWritten = true;
      this.#reportMismatched(base, mismatched);
      step("move head");
      const layers = { database: name, databaseCount, index, overlay, segments };
      return { generation, name, base, overlay: overlayFigures(layers, undefined) };
    });
    workspace.keep(head.name);
    this.#head = head;
    reportPublished(deps, head, {
      vectors: count,
      documents: documents.slice(0, documentsLogged).map(documentModel.keyOf),
    });
  }

  #reportMismatched(base: string | null, mismatched: readonly string[]): void {
    const { shard, log, metrics } = this.#work.deps;
    if (mismatched.length === 0) return;
    metrics.count("ManifestMismatches", 1);
    log.error("Files of the base do not match its manifest; they were copied, not linked", {
      shard,
      base,
      mismatched_files: mismatched,
    });
  }

  /** Must run before a base without these documents is published: a crash in between then only redrives them twice. */
  async #redriveLost(lost: readonly DocumentRef[]): Promise<void> {
    const { deps } = this.#work;
    deps.signal?.throwIfAborted();
    const time = new Date().toISOString();
    await inParallel(lost, redrivesAtOnce, async (document) => {
      try {
        await redriveDocument(deps, document, time);
      } catch (error) {
        // A document with unreadable items must not block the others; verify reports it.
        if (!(error instanceof ItemUnreadableError)) throw error;
        deps.log.error(`A ${documentModel.noun} of a corrupt generation cannot be rebuilt`, {
          shard: deps.shard,
          ...documentModel.toStored(document),
          ...errorFields(error),
        });
      }
    });
  }
}
