import { isBetter, type RankedRow } from "./ranked-row.ts";

interface Entrant {
  readonly most: number;
  readonly rank: () => RankedRow | undefined;
}

/**
 * Finds the k best of rows whose scores are known only as bounds. A row is out once k others are certainly better; the
 * remaining rows are scored exactly at the end.
 */
export class Contest {
  readonly #k: number;
  readonly #entrants: Entrant[] = [];
  /** The k highest lower bounds, largest first. */
  readonly #certain: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** A row whose upper bound is below this is not among the best. */
  get threshold(): number {
    return this.#certain.length < this.#k ? Number.NEGATIVE_INFINITY : (this.#certain.at(-1) as number);
  }

  /** `most` and `least` bound the row's score. `least` is minus infinity if the row may turn out not to be a hit. */
  add(most: number, least: number, rank: () => RankedRow | undefined): void {
    this.#entrants.push({ most, rank });
    if (least === Number.NEGATIVE_INFINITY || least <= this.threshold) return;
    let at = this.#certain.length;
    while (at > 0 && least > (this.#certain[at - 1] as number)) at--;
    this.#certain.splice(at, 0, least);
    if (this.#certain.length > this.#k) this.#certain.pop();
  }

  /** Best first. */
  ranked(): RankedRow[] {
    return this.#entrants
      .filter(({ most }) => most >= this.threshold)
      .map(({ rank }) => rank())
      .filter((row) => row !== undefined)
      .sort((one, other) => (isBetter(one, other) ? -1 : 1))
      .slice(0, this.#k);
  }
}
