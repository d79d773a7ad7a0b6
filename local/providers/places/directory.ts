import { isSamePhone, phoneKey } from "../../../core/merchants/phones.ts";
import { CoverageIndex, weigh } from "../../../core/search/lexical/coverage-index.ts";

/** A place, as the files of entries have it. */
export interface PlaceEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly phone?: string | undefined;
  readonly website?: string | undefined;
  /** As the API names it, such as `Cafe`. */
  readonly category?: string | undefined;
}

const maxPlaces = 20;
/** Share of a question that a place has to contain. It is low: a directory answers with what is nearest, right or wrong. */
const minShare = 0.3;

/** The places that a text names, nearest first: by their number where it is a telephone, else by letters of names and addresses. */
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
