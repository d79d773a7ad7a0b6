import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { generationHistory, type PastGeneration } from "./generation-history.ts";
import type { GenerationReader } from "./generation-reader.ts";
import { readHead } from "./head.ts";
import { documentsOf, manifestFile } from "./manifest.ts";

/** A published generation, as described by its manifest. */
export interface ListedGeneration {
  readonly generation: number;
  readonly name: string;
  /** Whether it is the head. */
  readonly head: boolean;
  /** Null if its manifest cannot be read. */
  readonly facts: GenerationFacts | null;
}

export interface GenerationFacts {
  /** ISO time at which it was written, shortly before it was published. */
  readonly written_at: string;
  readonly vectors: number;
  /** Bytes of its own files and of its segments, which other generations may share. */
  readonly bytes: number;
  /** The generation whose folder contains the database, which may be this one; null for an empty one. */
  readonly database: string | null;
  /** Segments above the base. */
  readonly segments: number;
  /** The generation that it was built from; null for the first. */
  readonly base: string | null;
  /** The older generation whose content it restores; null if it was compacted. */
  readonly restored: string | null;
  /** Whether it was rebuilt from the deltas. */
  readonly rebuilt: boolean;
  /** Number of documents in which it may differ from its base. */
  readonly receipts: number;
}

export interface ListDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly generations: GenerationReader;
}

/** The published generations that still exist, newest first. */
export async function listGenerations({
  shard,
  control,
  generations,
}: ListDeps): Promise<ListedGeneration[]> {
  const head = await readHead(control.client, control.controlTable, shard);
  if (head === undefined) return [];
  const history = await generationHistory(generations, head);
  return Promise.all(
    history.map(async (past) => ({
      generation: past.generation,
      name: past.name,
      head: past.name === head.name,
      facts: await factsOf(generations, past),
    })),
  );
}

async function factsOf(
  generations: GenerationReader,
  { name, manifest }: PastGeneration,
): Promise<GenerationFacts | null> {
  if (manifest === undefined) return null;
  const { mtime } = await stat(join(generations.pathOf(name), manifestFile));
  return {
    written_at: mtime.toISOString(),
    vectors: manifest.count,
    bytes: [...manifest.files, ...manifest.segments].reduce((sum, { size }) => sum + size, 0),
    database: manifest.database,
    segments: manifest.segments.length,
    base: manifest.base,
    restored: manifest.restored ?? null,
    rebuilt: manifest.rebuilt ?? false,
    receipts: documentsOf(manifest).length,
  };
}
