import { hash } from "node:crypto";
import type { GenerationReader } from "../collections/generations/generation-reader.ts";
import type { Head } from "../collections/generations/head.ts";
import type { PublishedVectors } from "../collections/segments/published-vectors.ts";
import { documentModel } from "../documents/documents.ts";
import { batchesByCount } from "../resilience/batch.ts";
import { type PublishedDeps, withHeadGeneration } from "../verify/published.ts";
import { type GenerationView, openView, viewOf } from "./changed-documents.ts";
import { MirrorOverdueError } from "./mirror-errors.ts";
import { contentHashOf, mirroredVector } from "./mirrored-vector.ts";
import { deleteAll, type MirrorWriteDeps, upsertAll } from "./write-batches.ts";

export interface CompareDeps extends MirrorWriteDeps, Omit<PublishedDeps, "shard"> {
  readonly generations: GenerationReader;
  /** Time (epoch milliseconds) by which it must have ended. */
  readonly giveUpAt: number;
  readonly now: () => number;
  /** Called before each step. */
  readonly onStep: (step: string) => void;
  /** Bytes for the ids and hashes of the mirror. A larger mirror is listed once per part. */
  readonly memoryBytes: number;
}

export interface Comparison {
  /** The published generation; undefined if nothing is published. */
  readonly head: Head | undefined;
  /** Number of published vectors. */
  readonly vectors: number;
  /** Published vectors that the mirror does not have. */
  readonly missing: number;
  /** Vectors of the mirror that are not published. */
  readonly extra: number;
  /** Vectors with another content hash. */
  readonly stale: number;
  /** The first few of these vectors, each with its fault. */
  readonly examples: readonly string[];
}

/** An id of 70 characters, a hash of 32, and the entry of a map. */
const bytesPerVector = 250;
const maxExamples = 20;
/** Vectors that are read with their numbers at a time. */
const vectorsPerRepair = 500;

/**
 * Compares the mirror with the published generation of its shard by listing it, and writes and deletes what differs
 * where `isRepair`. What is repaired before a crash stays repaired. Throws MirrorOverdueError.
 */
export async function compareMirror(
  deps: CompareDeps,
  { isRepair }: { readonly isRepair: boolean },
): Promise<Comparison> {
  const { generations, memoryBytes } = deps;
  deps.onStep("open the generation");
  return withHeadGeneration(deps, async (open) => {
    const view = open && (await openView(generations, open.head.name));
    const maxVectors = Math.max(1, Math.floor(memoryBytes / bytesPerVector));
    const count = open?.count ?? 0;
    // A mirror with many extra vectors exceeds its parts.
    for (let parts = Math.ceil(count / maxVectors) || 1; ; parts *= 2) {
      const work = new PartedComparison(deps, { isRepair, parts, maxVectors });
      if (await work.run(open?.store, view)) return { head: open?.head, ...work.found };
    }
  });
}

interface PartedOptions {
  readonly isRepair: boolean;
  readonly parts: number;
  /** Vectors of the mirror in memory. */
  readonly maxVectors: number;
}

class PartedComparison {
  readonly found = { vectors: 0, missing: 0, extra: 0, stale: 0, examples: [] as string[] };
  readonly #deps: CompareDeps;
  readonly #options: PartedOptions;

  constructor(deps: CompareDeps, options: PartedOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Resolves to false if a part of the mirror does not fit the memory. */
  async run(store: PublishedVectors | undefined, view: GenerationView | undefined): Promise<boolean> {
    for (let part = 0; part < this.#options.parts; part += 1) {
      const mirrored = await this.#listed(part);
      if (mirrored === undefined) return false;
      if (store && view) await this.#compare(part, store, view, mirrored);
      await this.#removeExtra([...mirrored.keys()]);
    }
    return true;
  }

  /** The content hashes of the mirror's vectors, by id. */
  async #listed(part: number): Promise<Map<string, string | undefined> | undefined> {
    const { index } = this.#deps;
    const mirrored = new Map<string, string | undefined>();
    this.#begin("list the mirror");
    for await (const page of index.list()) {
      this.#inTime("list the mirror");
      for (const { id, contentHash } of page) if (this.#isIn(part, id)) mirrored.set(id, contentHash);
      if (mirrored.size > this.#options.maxVectors && this.#options.maxVectors > 1) return undefined;
    }
    return mirrored;
  }

  /** Removes from `mirrored` what is published. */
  async #compare(
    part: number,
    store: PublishedVectors,
    view: GenerationView,
    mirrored: Map<string, string | undefined>,
  ): Promise<void> {
    this.#begin("compare");
    for await (const page of store.pages()) {
      this.#inTime("compare");
      const differing: string[] = [];
      for (const vector of page) {
        const { id } = vector;
        if (!this.#isIn(part, id)) continue;
        this.found.vectors += 1;
        const isThere = mirrored.has(id);
        const own = mirrored.get(id);
        mirrored.delete(id);
        if (isThere && own === contentHashOf(vector, runOf(view, id))) continue;
        this.#note(isThere ? "stale" : "missing", id);
        differing.push(id);
      }
      if (this.#options.isRepair) await this.#write(store, view, differing);
    }
  }

  async #write(store: PublishedVectors, view: GenerationView, ids: readonly string[]): Promise<void> {
    const { index, onStep } = this.#deps;
    for (const some of batchesByCount(ids, vectorsPerRepair)) {
      this.#inTime("write vectors");
      const vectors = await store.read(some);
      onStep("write vectors");
      await upsertAll(
        this.#deps,
        vectors.map((vector) => mirroredVector(vector, runOf(view, vector.id), index.limits)),
      );
    }
  }

  async #removeExtra(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#note("extra", id);
    if (!this.#options.isRepair || ids.length === 0) return;
    this.#begin("delete vectors");
    await deleteAll(this.#deps, ids);
  }

  #note(fault: "missing" | "extra" | "stale", id: string): void {
    this.found[fault] += 1;
    if (this.found.examples.length < maxExamples) this.found.examples.push(`${fault} ${id}`);
  }

  #isIn(part: number, id: string): boolean {
    const { parts } = this.#options;
    return parts === 1 || hash("sha256", id, "buffer").readUInt32LE() % parts === part;
  }

  #begin(step: string): void {
    this.#deps.onStep(step);
    this.#inTime(step);
  }

  #inTime(step: string): void {
    const { shard, giveUpAt, now, assertHeld } = this.#deps;
    assertHeld();
    if (now() >= giveUpAt) throw new MirrorOverdueError(shard, step);
  }
}

/** The run of a vector's document in a generation. */
function runOf(view: GenerationView, id: string): string | null {
  return viewOf(view, documentModel.keyOfVector(id))?.runId ?? null;
}
