import { labelKey } from "../../core/receipts/vector-metadata.ts";
import type { Hit } from "../search-client.ts";
import { type Edits, label } from "./edits.ts";
import type { Shown } from "./sample.ts";

type Metadata = Hit["metadata"];

/** The changes that the edits must cause in some of the hits. */
export interface Expectation {
  /** A description of those hits. */
  readonly of: string;
  readonly hits: (shown: Shown) => readonly Hit[];
  readonly metadata: Metadata;
}

/** Expects the new merchant on every line and word of the receipt, and the new verdict on the label's word. */
export function expectationsOf({ merchant, label: judged }: Edits, word: Hit, before: Shown): Expectation[] {
  const renamed = { [merchant.field]: merchant.after };
  const others = ({ words }: Shown) => words.filter(({ id }) => id !== word.id);
  return [
    { of: `${before.lines.length} lines`, hits: ({ lines }: Shown) => lines, metadata: renamed },
    { of: `${others(before).length} words`, hits: others, metadata: renamed },
    {
      of: `the word ${word.text}`,
      hits: ({ words }: Shown) => words.filter(({ id }) => id === word.id),
      metadata: { ...renamed, [labelKey(label)]: judged.after === "VALID" },
    },
  ].filter(({ hits }) => hits(before).length > 0);
}

/** Returns how many hits show the expected values. */
export function showing({ hits, metadata }: Expectation, shown: Shown): number {
  const isShown = (hit: Hit) => Object.entries(metadata).every(([key, value]) => hit.metadata[key] === value);
  return hits(shown).filter(isShown).length;
}

/** A metadata key that has changed in any of an expectation's hits. */
export interface Difference {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

export function differences({ hits }: Expectation, before: Shown, after: Shown): Difference[] {
  const [old, now] = [hits(before), hits(after)];
  const keys = new Set([...old, ...now].flatMap(({ metadata }) => Object.keys(metadata)));
  return [...keys]
    .sort()
    .map((key) => ({ key, before: valuesOf(old, key), after: valuesOf(now, key) }))
    .filter((difference) => difference.before !== difference.after);
}

function valuesOf(hits: readonly Hit[], key: string): string {
  return [...new Set(hits.map(({ metadata }) => String(metadata[key] ?? "-")))].sort().join(", ");
}
