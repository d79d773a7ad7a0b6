import type { MerchantFacts } from "../../core/merchants/candidate.ts";
import { headerQueries, type Neighbour, neighboursOf } from "../../core/merchants/neighbours.ts";
import type { ReceiptWords } from "../../core/merchants/receipt-words.ts";
import { rank } from "../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../core/search/snapshot/snapshot.ts";
import type { CorpusReceipt } from "../search/corpus.ts";

const hitsPerQuery = 10;
/** Only letters are compared, so vectors say nothing. */
const dimensions = 1;

export interface KnownReceipt {
  readonly receipt: CorpusReceipt;
  readonly facts: MerchantFacts;
}

/** Receipts whose merchant is known, in the search of the product. */
export class KnownReceipts {
  readonly #snapshot: Snapshot;
  readonly #facts: ReadonlyMap<string, MerchantFacts>;

  private constructor(snapshot: Snapshot, facts: ReadonlyMap<string, MerchantFacts>) {
    this.#snapshot = snapshot;
    this.#facts = facts;
  }

  static async of(known: readonly KnownReceipt[]): Promise<KnownReceipts> {
    const vectors = known.flatMap(({ receipt, facts }) =>
      receipt.rows.map(({ position, text }) => ({
        id: `${receipt.key}#LINE#${String(position).padStart(5, "0")}`,
        document: text,
        metadata: { row: position, column: 0, receipt: receipt.key, merchant_name: facts.merchant_name },
        vector: new Float32Array(dimensions),
      })),
    );
    const facts = new Map(known.map(({ receipt, facts }) => [receipt.key, facts]));
    return new KnownReceipts(await Snapshot.of(vectors, dimensions), facts);
  }

  /** What `headerQueries` find, as the function asks the search for it. */
  async near(words: ReceiptWords): Promise<Neighbour[]> {
    const found = await Promise.all(
      headerQueries(words).map((text) =>
        rank(this.#snapshot, {
          text,
          vector: undefined,
          mode: "lexical",
          k: hitsPerQuery,
          question: undefined,
          minCosine: undefined,
          accepts: () => true,
        }),
      ),
    );
    return neighboursOf(
      found.flat().flatMap(({ row }) => {
        const receipt = String(row.vectors[0]?.metadata.receipt);
        const facts = this.#facts.get(receipt);
        return facts === undefined ? [] : [{ receipt, facts, row: row.text }];
      }),
    );
  }
}
