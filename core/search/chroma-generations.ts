import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collectionOf, type ShardName } from "../../contract/collections.ts";
import { ChromaServer } from "../collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../collections/chroma/chroma-vector-store.ts";
import type { StoredVector } from "../collections/chroma/vector-store.ts";
import { GenerationCorruptError, GenerationReader } from "../collections/generations/generation-reader.ts";
import { readHead } from "../collections/generations/head.ts";
import { documentsOf, type Manifest } from "../collections/generations/manifest.ts";
import type { BaseIndex, IndexedDocument } from "../collections/segments/base-index.ts";
import type { PublishedDocument, SegmentEntry } from "../collections/segments/entry.ts";
import type { Overlay } from "../collections/segments/overlay.ts";
import {
  differsByFacts,
  NamedDeltaMissingError,
  vectorsOfEntry,
  withFacts,
} from "../collections/segments/overlay-rows.ts";
import { PublishedVectors } from "../collections/segments/published-vectors.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import type { Metrics } from "../metrics.ts";
import { monotonicClock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { baseWithDeltas } from "./base-with-deltas.ts";
import type { GenerationSource, OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import { ApproximateGeneration, BaseCopy, SnapshotGeneration } from "./open-generations.ts";
import { GenerationOfAnotherModelError, isRefusal, ShardTooLargeError } from "./search-errors.ts";
import { isExact, readSnapshot } from "./snapshot/read-snapshot.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

export interface ChromaGenerationsOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  /** Folder of all collections on the shared file system. Only read. */
  readonly collectionsPath: string;
  readonly shard: ShardName;
  /** The model that embeds the texts of queries. */
  readonly model: string;
  readonly dimensions: number;
  /** Path of the native Chroma library. */
  readonly library: string;
  /** Local folder for private copies. */
  readonly scratch: string;
  /** Maximum number of vectors of a generation that is held in memory; larger ones give approximate answers. */
  readonly exactVectors: number;
  /** Maximum number of vectors of a generation that is opened at all. @default no limit */
  readonly maxVectors?: number;
  /** The store of the deltas that segments refer to. */
  readonly deltas: Pick<DeltaStore, "get">;
  readonly metrics: Metrics;
}

/** A reader that has missed more publishes than this reads everything again. */
const maxMissedGenerations = 32;
const deltasAtOnce = 16;

/** What is remembered of a generation that this source has opened. */
interface Opened {
  readonly database: string | null;
  readonly overlay: Overlay;
}

/**
 * Opens the generations that compaction has published. If the base is unchanged, only new segments and their deltas are
 * read. A new base is opened as a private copy with its own Chroma server, which is stopped as soon as the vectors are
 * in memory.
 */
export class ChromaGenerations implements GenerationSource {
  readonly #options: ChromaGenerationsOptions;
  readonly #generations: GenerationReader;
  readonly #opened = new WeakMap<OpenGeneration, Opened>();

  constructor(options: ChromaGenerationsOptions) {
    this.#options = options;
    this.#generations = new GenerationReader(options.collectionsPath, options.shard, monotonicClock);
  }

  async head(): Promise<PublishedGeneration | undefined> {
    const { client, controlTable, shard } = this.#options;
    const head = await readHead(client, controlTable, shard);
    return head && { number: head.generation, name: head.name };
  }

  /**
   * Throws GenerationCorruptError if the files do not match the manifests, NamedDeltaMissingError,
   * GenerationOfAnotherModelError or ShardTooLargeError.
   */
  async open(published: PublishedGeneration, previous: OpenGeneration | undefined): Promise<OpenGeneration> {
    try {
      const manifest = await this.#generations.manifest(published.name);
      this.#requireOwnModel(published, manifest);
      this.#requireRoom(published, manifest);
      const overlay = await this.#generations.overlayOf(manifest);
      const generation =
        (previous && (await this.#above(previous, published, manifest, overlay))) ??
        (await this.#openBase(published, previous, manifest, overlay));
      this.#opened.set(generation, { database: manifest.database, overlay });
      return generation;
    } catch (error) {
      if (error instanceof GenerationCorruptError || error instanceof NamedDeltaMissingError) {
        this.#options.metrics.count("ManifestMismatches", 1);
      }
      if (isRefusal(error)) this.#options.metrics.count("GenerationsRefused", 1);
      throw error;
    }
  }

  /**
   * Opens a generation above the base that is already served. Resolves to undefined if the base is another one, or if a
   * document is no longer in the overlay.
   */
  async #above(
    previous: OpenGeneration,
    published: PublishedGeneration,
    manifest: Manifest,
    overlay: Overlay,
  ): Promise<OpenGeneration | undefined> {
    const { database, count } = manifest;
    const before = this.#opened.get(previous);
    if (before === undefined || before.database !== database || !previous.alive()) return undefined;
    if ([...before.overlay.keys()].some((key) => !overlay.has(key))) return undefined;
    const index = await this.#indexIfReadable(manifest);
    const changed = [...overlay].filter(([key, entry]) => !isSameEntry(before.overlay.get(key), entry));
    const vectors = await this.#vectorsOf(
      changed.map(([, entry]) => entry),
      (entry) => shownWith({ overlay: before.overlay, index, served: previous }, entry),
    );
    if (previous.snapshot) {
      if (!isExact(count, this.#options.exactVectors)) return undefined;
      const keys = new Set(changed.map(([key]) => key));
      const snapshot = await previous.snapshot.with(keys, [...vectors.values()].flat());
      return snapshot.vectors === count ? new SnapshotGeneration(published, count, snapshot) : undefined;
    }
    if (!(previous instanceof ApproximateGeneration) || isExact(count, this.#options.exactVectors)) {
      return undefined;
    }
    const all = new Map([...previous.overlay, ...vectors]);
    return new ApproximateGeneration(published, count, previous.base, all);
  }

  async #openBase(
    published: PublishedGeneration,
    previous: OpenGeneration | undefined,
    manifest: Manifest,
    overlay: Overlay,
  ): Promise<OpenGeneration> {
    const { shard, library, scratch, deltas, exactVectors } = this.#options;
    const { count, database_count, model, dimensions } = manifest;
    const folder = await mkdtemp(join(scratch, `${shard}-${published.name}-`));
    let server: ChromaServer | undefined;
    try {
      await this.#generations.copyTo(folder, published.name);
      server = await ChromaServer.start({ library, path: folder });
      const collection = collectionOf(shard);
      const base = await ChromaVectorStore.open(server, collection);
      const stored = await base.count();
      if (stored !== database_count) {
        const what = `its database holds ${stored} vectors, not ${database_count}`;
        throw new GenerationCorruptError(this.#generations.pathOf(published.name), what);
      }
      if (!isExact(count, exactVectors)) {
        const above = await this.#vectorsOf(overlay.values());
        return new ApproximateGeneration(published, count, new BaseCopy(folder, server, base), above);
      }
      const target = { collection, model, dimensions };
      const index = await this.#indexIfReadable(manifest);
      const vectors = new PublishedVectors({
        base: index === undefined ? base : baseWithDeltas(base, { index, deltas, target }),
        overlay,
        deltas,
        target,
      });
      const snapshot = await this.#read(vectors, manifest, previous);
      const [[document, why] = []] = vectors.unreadable;
      if (document !== undefined) throw new NamedDeltaMissingError(document, why ?? "");
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      return new SnapshotGeneration(published, count, snapshot);
    } catch (error) {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Only publishing needs it: without an index every vector is read from the database. */
  async #indexIfReadable(manifest: Manifest): Promise<BaseIndex | undefined> {
    try {
      return await this.#generations.indexOf(manifest);
    } catch (error) {
      if (!(error instanceof GenerationCorruptError)) throw error;
      return undefined;
    }
  }

  /** `held` has the vectors of an entry of which only facts have changed: then its delta need not be read. */
  async #vectorsOf(
    entries: Iterable<SegmentEntry>,
    held: (entry: SegmentEntry) => readonly StoredVector[] | undefined = () => undefined,
  ): Promise<Map<string, readonly StoredVector[]>> {
    const { shard, deltas, model, dimensions } = this.#options;
    const collection = collectionOf(shard);
    const target = { collection, model, dimensions };
    const vectors = new Map<string, readonly StoredVector[]>();
    await inParallel(entries, deltasAtOnce, async (entry) => {
      const own = entry.gone ? undefined : held(entry);
      const shown =
        entry.gone || own === undefined
          ? await vectorsOfEntry(deltas, target, entry)
          : withFacts(own, entry.facts, collection);
      vectors.set(documentModel.keyOf(entry.document), shown);
    });
    return vectors;
  }

  /** Reads only the documents that may differ from the served generation, if all manifests in between list them. */
  async #read(
    published: PublishedVectors,
    manifest: Manifest,
    previous: OpenGeneration | undefined,
  ): Promise<Snapshot> {
    const changed = previous?.snapshot && (await this.#changedSince(previous.name, manifest));
    if (changed && previous?.snapshot) {
      const vectors = await published.read(await published.idsOf(changed));
      const snapshot = await previous.snapshot.with(new Set(changed.map(documentModel.keyOf)), vectors);
      if (snapshot.vectors === manifest.count) return snapshot;
    }
    return readSnapshot(published, manifest.dimensions);
  }

  /** Undefined if a manifest in between is unreadable, or if there are too many. */
  async #changedSince(served: string, newest: Manifest): Promise<DocumentRef[] | undefined> {
    const changed: DocumentRef[] = [];
    let manifest: Manifest | undefined = newest;
    for (let missed = 0; manifest !== undefined && missed < maxMissedGenerations; missed++) {
      changed.push(...documentsOf(manifest));
      if (manifest.base === served) return changed;
      manifest =
        manifest.base === null ? undefined : await this.#generations.manifestIfReadable(manifest.base);
    }
    return undefined;
  }

  #requireRoom({ name }: PublishedGeneration, { count }: Manifest): void {
    const { maxVectors = Number.POSITIVE_INFINITY } = this.#options;
    if (count > maxVectors) throw new ShardTooLargeError(name, count, maxVectors);
  }

  #requireOwnModel({ name }: PublishedGeneration, made: { model: string; dimensions: number }): void {
    const { model, dimensions } = this.#options;
    if (made.model !== model || made.dimensions !== dimensions) {
      throw new GenerationOfAnotherModelError(name, made, { model, dimensions });
    }
  }
}

interface ServedState {
  readonly overlay: Overlay;
  /** That of the base; undefined if it cannot be read. */
  readonly index: BaseIndex | undefined;
  readonly served: OpenGeneration;
}

/** The vectors that are served of a document, if they are those of the entry but for facts. */
function shownWith(
  { overlay, index, served }: ServedState,
  entry: SegmentEntry,
): readonly StoredVector[] | undefined {
  if (entry.gone) return undefined;
  const key = documentModel.keyOf(entry.document);
  const before = overlay.get(key);
  const isSame = before ? differsByFacts(before, entry) : isWholeIn(index?.get(key), entry);
  if (!isSame) return undefined;
  const above = served instanceof ApproximateGeneration ? served.overlay.get(key) : undefined;
  const vectors = served.snapshot?.vectorsOf(key) ?? above;
  return vectors?.length === entry.vectorCount ? vectors : undefined;
}

/** Whether a base has vectors of the entry's run, and the entry has all of that run. */
function isWholeIn(indexed: IndexedDocument | undefined, entry: PublishedDocument): boolean {
  return indexed?.runId === entry.runId && entry.removed.length === 0;
}

function isSameEntry(one: SegmentEntry | undefined, other: SegmentEntry): boolean {
  if (one === undefined || one.gone || other.gone) return one?.gone === true && other.gone;
  return one.digest === other.digest;
}
