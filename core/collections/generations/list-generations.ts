import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { generationHistory, type PastGeneration } from "./generation-history.ts";
import type { GenerationReader } from "./generation-reader.ts";
import { readHead } from "./head.ts";
import { documentsOf, manifestFile } from "./manifest.ts";

/** A published generation, as its manifest describes it. */
export interface ListedGeneration {
  readonly generation: number;
  readonly name: string;
  /** Whether it is what is published now. */
  readonly head: boolean;
  /** Null if its manifest cannot be read; then all other fields are null too. */
  readonly facts: GenerationFacts | null;
}

export interface GenerationFacts {
  /** ISO: when it was written, which is a moment before it was published. */
  readonly written_at: string;
  readonly vectors: number;
  /** Of its own files and of its segments, which it may share with others. */
  readonly bytes: number;
  /** The generation that wrote the base; null for an empty one. Its own name where it is one itself. */
  readonly database: string | null;
  /** Segments above the base. */
  readonly segments: number;
  /** The generation that it was made from; null for the first. */
  readonly base: string | null;
  /** The older one whose content it has again; null where it was compacted. */
  readonly restored: string | null;
  /** Whether it was made from the deltas alone. */
  readonly rebuilt: boolean;
  /** Documents in which it may differ from its base. */
  readonly receipts: number;
}

export interface ListDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly generations: GenerationReader;
}

/** The published generations that are still there, newest first. */
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
