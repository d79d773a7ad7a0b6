import type { Collection } from "../../contract/collections.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { Hit, SearchClient } from "../search-client.ts";

/** An amount with its neighbours, as words are embedded: TOTAL to its left, nothing to its right. */
const sampleText = "<EDGE> TOTAL 20.00 <EDGE> <EDGE>";
/** Nearest vectors, each a hit by itself, without a floor. */
const byVector = { mode: "dense", group: "line" } as const;
/** The most hits that the search gives. */
const maxHits = 100;

/** The hits of one receipt, a hundred of each collection at most. */
export type Shown = Readonly<Record<Collection, readonly Hit[]>>;

/** The search finds nothing that could be changed. */
export class NothingToChangeError extends VectorkeepError {
  constructor() {
    super(
      "The search finds no word in this stack.",
      "Wait until `npm start` says that every word is published, or export receipts with `npm run export`.",
    );
  }
}

/** The word whose label the demo changes, and with it the receipt whose merchant. Throws NothingToChangeError. */
export async function findSampleWord(search: SearchClient): Promise<Hit> {
  // With all that are equally near among the hits, the first one is the same in every run.
  const { hits } = await search.ask({ text: sampleText, collection: "words", k: maxHits, ...byVector });
  const [word] = hits;
  if (word === undefined) throw new NothingToChangeError();
  return word;
}

/** What the search shows of the receipt that the word is on. */
export async function shownOf(search: SearchClient, { image_id, receipt_id }: Hit): Promise<Shown> {
  const hitsIn = async (collection: Collection) => {
    const filter = { image_id, receipt_id };
    return (await search.ask({ text: sampleText, collection, k: maxHits, filter, ...byVector })).hits;
  };
  const [lines, words] = await Promise.all([hitsIn("lines"), hitsIn("words")]);
  return { lines, words };
}
