import { isSamePhone, phoneKey } from "../../../core/merchants/phones.ts";
import { CoverageIndex, weigh } from "../../../core/search/lexical/coverage-index.ts";

/** A place, as the files of entries have it. */
export interface PlaceEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly phone?: string | undefined;
  readonly website?: string | undefined;
  /** The category in the words of the API, such as `Cafe`. */
  readonly category?: string | undefined;
}

const maxPlaces = 20;
/**
 * The minimum share of a query that a place must contain. It is low, because a directory returns the nearest places,
 * right or wrong.
 */
const minShare = 0.3;

/** Finds places, best first: by number if the text is a telephone, otherwise by the letters of names and addresses. */
export class PlaceDirectory {
  readonly #entries: readonly PlaceEntry[];
  readonly #index: CoverageIndex;

  private constructor(entries: readonly PlaceEntry[], index: CoverageIndex) {
    this.#entries = entries;
    this.#index = index;
  }

  static async of(entries: readonly PlaceEntry[]): Promise<PlaceDirectory> {
    const texts = entries.map(({ name, address }) => `${name} ${address}`);
    return new PlaceDirectory(entries, await CoverageIndex.of(texts));
  }

  byId(id: string): PlaceEntry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  search(text: string): PlaceEntry[] {
    if (!/\p{L}/u.test(text) && phoneKey(text) !== "") {
      return this.#entries.filter(({ phone }) => phone !== undefined && isSamePhone(phone, text));
    }
    const shares = this.#index.coverage(weigh(text, [this.#index]));
    return this.#entries
      .map((entry, at) => ({ entry, share: shares[at] ?? 0 }))
      .filter(({ share }) => share >= minShare)
      .sort((one, other) => other.share - one.share)
      .slice(0, maxPlaces)
      .map(({ entry }) => entry);
  }
}
