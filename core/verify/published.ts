import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import type { StoredMetadata, StoredVector } from "../collections/chroma/vector-store.ts";
import { GenerationCorruptError } from "../collections/generations/generation-reader.ts";
import { type Head, readHead } from "../collections/generations/head.ts";
import type { Manifest } from "../collections/generations/manifest.ts";
import { CollectionOfOtherModelError } from "../collections/generations/other-model-error.ts";
import { type PublishedFiles, withPublishedCopy } from "../collections/generations/published-copy.ts";
import { isSameVector } from "../collections/merge/parts-that-differ.ts";
import type { PublishedVectors } from "../collections/segments/published-vectors.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { isSameValue } from "../deltas/same-value.ts";
import type { Described } from "./digest.ts";
import type { ExpectedVector } from "./expected.ts";

/** The vectors of a published generation. */
export interface Published {
  /** All vectors, in pages. */
  pages(): AsyncIterable<readonly Described[]>;
  readMetadata(ids: readonly string[]): Promise<StoredMetadata[]>;
  read(ids: readonly string[]): Promise<StoredVector[]>;
}

export interface PublishedDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly files: PublishedFiles;
  readonly target: { readonly model: string; readonly dimensions: number };
}

const nothing: Published = { async *pages() {}, readMetadata: async () => [], read: async () => [] };

/** The head's generation, opened. */
export interface HeadGeneration {
  readonly head: Head;
  readonly store: PublishedVectors;
  /** The number of vectors in the manifest. */
  readonly count: number;
}

/** Reads the head's generation like `withHeadGeneration`; if nothing is published, reads an empty one. */
export function readHeadGeneration<T>(
  deps: PublishedDeps,
  read: (published: Published, head: Head | undefined) => Promise<T>,
): Promise<T> {
  return withHeadGeneration(deps, (open) => read(open?.store ?? nothing, open?.head));
}

/**
 * Opens the head's generation through a private copy; undefined if nothing is published. If the generation is collected
 * as garbage during the copy, the newer head is opened. Throws GenerationCorruptError and CollectionOfOtherModelError.
 */
export async function withHeadGeneration<T>(
  deps: PublishedDeps,
  read: (open: HeadGeneration | undefined) => Promise<T>,
): Promise<T> {
  const { shard, files } = deps;
  for (let head = await headOf(deps); ; ) {
    if (head === undefined) return read(undefined);
    const opened = head;
    const { name } = opened;
    try {
      return await withPublishedCopy(files, shard, name, async (store, manifest) => {
        requireOwnModel(deps, manifest);
        return read({ head: opened, store, count: manifest.count });
      });
    } catch (error) {
      const newer = await headOf(deps);
      if (!(error instanceof GenerationCorruptError) || newer?.name === name) throw error;
      head = newer;
    }
  }
}

export function headOf({ control, shard }: PublishedDeps): Promise<Head | undefined> {
  return readHead(control.client, control.controlTable, shard);
}

/** Ids of vectors whose published metadata differs from the expected metadata, as far as Chroma preserves digits. */
export async function otherMetadata(
  published: Published,
  expected: readonly ExpectedVector[],
): Promise<Set<string>> {
  const stored = new Map(
    (await published.readMetadata(expected.map(({ id }) => id))).map(({ id, metadata }) => [id, metadata]),
  );
  const other = expected.filter(({ id, metadata }) => !isSameMetadata(stored.get(id) ?? {}, metadata));
  return new Set(other.map(({ id }) => id));
}

/** Ids of vectors whose published numbers differ from the expected ones. Ignores vectors that are not published. */
export async function otherNumbers(
  published: Published,
  expected: readonly ExpectedVector[],
): Promise<Set<string>> {
  const stored = new Map(
    (await published.read(expected.map(({ id }) => id))).map(({ id, vector }) => [id, vector]),
  );
  const other = expected.filter(({ id, numbers }) => {
    const there = stored.get(id);
    return there !== undefined && !isSameVector(there, numbers());
  });
  return new Set(other.map(({ id }) => id));
}

function isSameMetadata(one: VectorMetadata, other: VectorMetadata): boolean {
  const keys = Object.keys(other);
  return keys.length === Object.keys(one).length && keys.every((key) => isSameValue(one[key], other[key]));
}

function requireOwnModel({ shard, target }: PublishedDeps, made: Manifest): void {
  const text = ({ model, dimensions }: typeof target) => `${model} with ${dimensions} dimensions`;
  if (text(made) !== text(target)) throw new CollectionOfOtherModelError(shard, text(made), text(target));
}
