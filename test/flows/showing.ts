import { collections } from "../../contract/collections.ts";
import type { KnownMetadata } from "../../core/entities/receipt-facts.ts";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import { isKnownKey } from "../../core/receipts/vector-metadata.ts";
import { eventually } from "./eventually.ts";
import { publishedMetadata } from "./published.ts";
import type { RunningStack } from "./running-stack.ts";
import { planned } from "./sending.ts";

/** What is expected of a receipt's vectors: what is known of all and, by the end of its id, of a word; ids that are gone. */
export interface Expected {
  readonly merchant?: KnownMetadata;
  readonly words?: Readonly<Record<string, KnownMetadata>>;
  readonly gone?: RegExp;
}

/** Waits until the published vectors of a receipt are exactly those of its rows, and exactly this is known of each. */
export async function shows(
  stack: RunningStack,
  files: OcrFiles,
  { merchant = {}, words = {}, gone = /^$/ }: Expected,
): Promise<void> {
  for (const collection of collections) {
    const expected = planned(files)
      [collection].map(({ id }) => id)
      .filter((id) => !gone.test(id))
      .map((id) => {
        const [, known] = Object.entries(words).find(([end]) => id.endsWith(end)) ?? [];
        const ofWord = collection === "words" ? { label_status: "unvalidated", ...known } : {};
        return [id, { ...merchant, ...ofWord }];
      });
    await eventually(60, async () => {
      const published = await publishedMetadata(stack, collection, [files]);
      const known = [...published].map(([id, metadata]) => [
        id,
        Object.fromEntries(Object.entries(metadata).filter(([key]) => isKnownKey(key))),
      ]);
      expect(Object.fromEntries(known)).toEqual(Object.fromEntries(expected));
    });
  }
}

/** Waits until a search finds exactly these. */
export async function finds(
  stack: RunningStack,
  options: readonly string[],
  ids: readonly string[],
): Promise<void> {
  await eventually(60, async () => {
    const { hits } = await stack.search(
      "total",
      "--k",
      "100",
      "--mode",
      "dense",
      "--group",
      "line",
      ...options,
    );
    expect(hits.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });
}
