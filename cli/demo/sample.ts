import type { Collection } from "../../contract/collections.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { Hit, SearchClient } from "../search-client.ts";

/** An amount with its neighbours in the format that words are embedded in: TOTAL to its left, nothing to its right. */
const sampleText = "<EDGE> TOTAL 20.00 <EDGE> <EDGE>";
/** Only nearest vectors, one hit each, without a minimum score. */
const byVector = { mode: "dense", group: "line" } as const;
/** The maximum number of hits of a search. */
const maxHits = 100;

/** The hits of one receipt, at most a hundred per collection. */
export type Shown = Readonly<Record<Collection, readonly Hit[]>>;

/** The search found nothing that the demo can change. */
export class NothingToChangeError extends VectorkeepError {
  constructor() {
    super(
      "The search finds no word in this stack.",
      "Wait until `npm start` says that every word is published, or export receipts with `npm run export`.",
    );
  }
}

/**
 * Returns the word whose label the demo changes, and whose receipt's merchant it changes. Throws NothingToChangeError.
 */
export async function findSampleWord(search: SearchClient): Promise<Hit> {
  // Requests the maximum number of hits, so that ties are complete and the first hit is the same in every run.
  const { hits } = await search.ask({ text: sampleText, collection: "words", k: maxHits, ...byVector });
  const [word] = hits;
  if (word === undefined) throw new NothingToChangeError();
  return word;
}

/** Returns the hits of the word's receipt. */
export async function shownOf(search: SearchClient, { image_id, receipt_id }: Hit): Promise<Shown> {
  const hitsIn = async (collection: Collection) => {
    const filter = { image_id, receipt_id };
    return (await search.ask({ text: sampleText, collection, k: maxHits, filter, ...byVector })).hits;
  };
  const [lines, words] = await Promise.all([hitsIn("lines"), hitsIn("words")]);
  return { lines, words };
}
