import type { Collection, ShardName } from "../../contract/collections.ts";
import type { ListAnswer, RestoreAnswer } from "../../core/collections/generations/generations-request.ts";
import { type Column, table } from "../table.ts";
import type { ExportedCollection } from "./export-collection.ts";
import type { PublishedRebuild } from "./rebuild-shard.ts";

const columns: readonly Column[] = [
  { title: "generation", align: "right" },
  { title: "name", align: "left" },
  { title: "published", align: "left" },
  { title: "vectors", align: "right" },
  { title: "MB", align: "right" },
  { title: "base", align: "left" },
  { title: "receipts", align: "right" },
  { title: "database", align: "left" },
  { title: "segments", align: "right" },
  { title: "", align: "left" },
];

/** Formats a table of generations, newest first. */
export function generationTable({ generations }: ListAnswer): string[] {
  if (generations.length === 0) return ["Nothing is published."];
  return table(
    columns,
    generations.map(({ generation, name, head, facts }) => {
      const mark = head ? "head" : "";
      if (facts === null)
        return [String(generation), name, "", "", "", "", "", "", "", `${mark} corrupt`.trim()];
      const { written_at, vectors, bytes, receipts } = facts;
      const written = `${written_at.slice(0, 10)} ${written_at.slice(11, 19)}`;
      return [
        String(generation),
        name,
        written,
        String(vectors),
        (bytes / 1_000_000).toFixed(1),
        madeFrom(facts),
        String(receipts),
        databaseOf(name, facts),
        String(facts.segments),
        mark,
      ];
    }),
  );
}

/** Returns `own` for a generation that has written the next base. */
function databaseOf(
  name: string,
  { database }: NonNullable<ListAnswer["generations"][number]["facts"]>,
): string {
  return database === name ? "own" : (database ?? "none");
}

function madeFrom({
  base,
  restored,
  rebuilt,
}: NonNullable<ListAnswer["generations"][number]["facts"]>): string {
  if (rebuilt) return base === null ? "deltas" : `deltas, in place of ${base}`;
  return restored === null ? (base ?? "none") : `${base}, with the content of ${restored}`;
}

/** Formats the result of a rebuild. */
export function rebuiltText(shard: ShardName, answer: PublishedRebuild): string[] {
  const { generation, name, receipts, vectors, left_out, named } = answer;
  return [
    `${shard}: generation ${generation} (${name}) is published, rebuilt from the deltas of ${receipts} receipts: ${vectors} vectors.`,
    ...(left_out === 0
      ? []
      : [
          `${left_out} receipts were left out, because their deltas cannot be read: \`npm run verify -- --repair\` embeds them again.`,
          ...named.map((one) => `  ${one}`),
        ]),
  ];
}

/** Formats the result of an export. */
export function exportedText(collection: Collection, { manifest, at }: ExportedCollection): string[] {
  const { vectors, embedding, chroma, archive, generations } = manifest;
  const published = Object.entries(generations).map(([shard, name]) => `${shard} ${name ?? "(empty)"}`);
  return [
    `${collection}: ${vectors} vectors are in ${at}.`,
    `Generation: ${published.join(", ")}. Model: ${embedding.model}, ${embedding.dimensions} dimensions, ${embedding.distance}. Chroma ${chroma}.`,
    `Archive: ${(archive.bytes / 1_000_000).toFixed(1)} MB. docs/other-readers.md says how to open it.`,
  ];
}

/** Formats the result of a restore. */
export function restoredText(shard: ShardName, answer: RestoreAnswer): string[] {
  const { generation, name, content, receipts, silent } = answer;
  return [
    `${shard}: generation ${generation} (${name}) is published, with the content of ${content}.`,
    receipts === 0
      ? "No newer receipt has to be published again."
      : `${receipts} newer receipts are redriven; the next cycles publish them again.`,
    ...silent.map(
      (one) =>
        `${one} has no readable manifest, so the receipts that it changed are unknown: \`npm run verify -- --repair\` finds them.`,
    ),
  ];
}
