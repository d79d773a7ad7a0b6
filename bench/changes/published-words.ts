import { isDeepStrictEqual } from "node:util";
import { withPublishedCopy } from "../../core/collections/generations/published-copy.ts";
import type { VectorMetadata } from "../../core/deltas/delta.ts";
import { planWords } from "../../core/receipts/planned-vectors.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { BenchReceipt } from "../receipts.ts";
import type { LabelChange } from "./label-changes.ts";

export type MetadataById = ReadonlyMap<string, VectorMetadata>;

/** All metadata of all words once the changes are applied. A word without a label is unvalidated. */
export function expectedWords(
  receipts: readonly BenchReceipt[],
  changes: readonly LabelChange[],
): MetadataById {
  const shown = new Map(changes.map(({ vectorId, shows }) => [vectorId, shows]));
  return new Map(
    receipts
      .flatMap(({ words }) => planWords(words))
      .map(({ id, metadata }) => [id, { ...metadata, label_status: "unvalidated", ...shown.get(id) }]),
  );
}

/** How a published generation differs from that: every vector that is missing, too many or shows something else. */
export async function differences(
  { files }: BenchStack,
  generation: string,
  receipts: readonly BenchReceipt[],
  expected: MetadataById,
): Promise<string[]> {
  const { found, count } = await withPublishedCopy(
    files,
    "words",
    generation,
    async (published, manifest) => ({
      found: await published.metadataOf(receipts),
      count: manifest.count,
    }),
  );
  const shown = new Map(found.map(({ id, metadata }) => [id, metadata]));
  const wrong = [...expected].filter(([id, metadata]) => !isDeepStrictEqual(metadata, shown.get(id)));
  const list = wrong.map(([id]) => `${id} shows ${JSON.stringify(shown.get(id) ?? "nothing")}`);
  return count === expected.size ? list : [`${count} vectors are there, not ${expected.size}`, ...list];
}
