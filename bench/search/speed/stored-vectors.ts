import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { fiveDigits } from "../../../core/receipts/receipt.ts";
import { randomFrom } from "../../random.ts";

const linesPerReceipt = 40;
const words = 4_000;
const merchants = 50;
const subjects = 200;
const letters = "abcdefghijklmnopqrstuvwxyz";

/** Texts and vectors as a model gives them: around subjects, so that near ones have cosines close to each other. */
export class RandomVectors {
  readonly dimensions: number;
  readonly #random: () => number;
  readonly #words: readonly string[];
  readonly #subjects: readonly Float32Array[];

  constructor(dimensions: number, seed: number) {
    this.dimensions = dimensions;
    this.#random = randomFrom(seed);
    this.#words = Array.from({ length: words }, () => this.#word());
    this.#subjects = Array.from({ length: subjects }, () => this.#noise());
  }

  stored(count: number): StoredVector[] {
    return Array.from({ length: count }, (_, number) => {
      const receipt = Math.floor(number / linesPerReceipt);
      const line = (number % linesPerReceipt) + 1;
      const imageId = `00000000-0000-4000-8000-${String(receipt).padStart(12, "0")}`;
      const document = this.text();
      const stored = {
        id: `IMAGE#${imageId}#RECEIPT#00001#LINE#${fiveDigits(line)}`,
        document,
        metadata: {
          image_id: imageId,
          receipt_id: 1,
          line_id: line,
          row: line,
          column: 0,
          text: document,
          merchant_name: merchantName(receipt % merchants),
        },
      };
      // Read from a delta, no text has the parts that it was made from.
      return { ...(JSON.parse(JSON.stringify(stored)) as typeof stored), vector: this.vector() };
    });
  }

  text(): string {
    const price = (this.#random() * 200).toFixed(2);
    const name = Array.from({ length: 3 }, () => this.#words[this.#pick(words)]).join(" ");
    return `${name} ${price}`;
  }

  vector(): Float32Array {
    const subject = this.#subjects[this.#pick(subjects)] as Float32Array;
    return this.#noise().map((value, at) => value + (subject[at] as number));
  }

  #noise(): Float32Array {
    // Sums of uniform numbers are close to normal ones, as the numbers of a model are.
    return Float32Array.from(
      { length: this.dimensions },
      () => this.#random() + this.#random() + this.#random() - 1.5,
    );
  }

  #word(): string {
    return Array.from({ length: 3 + this.#pick(6) }, () => letters[this.#pick(26)]).join("");
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }
}

export function merchantName(number: number): string {
  return `Merchant ${number}`;
}
